"""References in the bytes of a resource: found and rewritten where they stand, every other byte kept."""

import pytest

from app.errors import Invalid
from app.fhir.bundle.references import (
    conditional_references,
    require_no_strays,
    require_resolved,
    rewrite,
    split_address,
)

URN = "urn:uuid:00000000-0000-4000-8000-000000000001"
TARGETS = {URN: "Patient/1", "Organization?identifier=x|1": "Organization/2"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('{"reference":"%s"}', '{"reference":"Patient/1"}'),
        ('{ "reference" :\n "%s" , "a":1.50}', '{ "reference" :\n "Patient/1" , "a":1.50}'),
        ('{"reference":"%s#part"}', '{"reference":"Patient/1#part"}'),
        ('{"valueUri":"%s"}', '{"valueUri":"Patient/1"}'),
        ('{"valueUrl":"%s"}', '{"valueUrl":"Patient/1"}'),
        ('{"valueUuid":"%s"}', '{"valueUuid":"Patient/1"}'),
        ('{"url":"%s"}', '{"url":"Patient/1"}'),
        ('{"valueCanonical":"%s"}', '{"valueCanonical":"%s"}'),
        ('{"div":"<a href=\\"%s\\">%s</a>"}', '{"div":"<a href=\\"Patient/1\\">%s</a>"}'),
        ('{"div":"<a href=\'%s\'>"}', '{"div":"<a href=\'Patient/1\'>"}'),
        ('{"div":"<img src=\\"%s\\"/>"}', '{"div":"<img src=\\"Patient/1\\"/>"}'),
        ('{"display":"%s"}', '{"display":"%s"}'),
        ('{"valueString":"%s"}', '{"valueString":"%s"}'),
        ('{"identifier":{"system":"urn","value":"%s"}}', '{"identifier":{"system":"urn","value":"%s"}}'),
        ('{"text":"\\"reference\\":\\"%s\\""}', '{"text":"\\"reference\\":\\"%s\\""}'),
        ('{"reference":"%s0"}', '{"reference":"%s0"}'),
        ('{"reference":"\\u0075rn:uuid:00000000-0000-4000-8000-000000000001"}', '{"reference":"Patient/1"}'),
        ('{"reference":"Organization?identifier=x|1"}', '{"reference":"Organization/2"}'),
        ('{"reference":"Organization?identifier=x|2"}', '{"reference":"Organization?identifier=x|2"}'),
    ],
)
def test_only_the_reference_changes(sent: str, kept: str) -> None:
    assert rewrite(sent.replace("%s", URN).encode(), TARGETS) == kept.replace("%s", URN).encode()
    assert rewrite(sent.encode(), {}) == sent.encode()


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ('{"reference":"Patient?identifier=x|1"}', {"Patient?identifier=x|1"}),
        ('{"reference":"Patient\\u003fname=Đỗ"}', {"Patient?name=Đỗ"}),
        ('{"reference":"Patient?name=\\u0110\\u1ed7"}', {"Patient?name=Đỗ"}),
        ('{"reference":"Patient/1"}', set()),
        ('{"reference":"http://hs.example/fhir/Patient?x=1"}', set()),
        ('{"valueUri":"Patient?identifier=1"}', set()),
        ('{"display":"Patient?identifier=1"}', set()),
        ('[{"reference":"A?b=1"},{"reference":"Ab?b=1"},{"reference":"Ab?"}]', {"Ab?b=1"}),
    ],
)
def test_conditional_references_are_those_of_a_type_and_criteria(raw: str, found: set[str]) -> None:
    assert conditional_references(raw.encode()) == found
    if found:
        with pytest.raises(Invalid):
            require_resolved(raw.encode(), "Patient")
    else:
        require_resolved(raw.encode(), "Patient")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ('{"a":{"reference":"urn:uuid:1"}}', ["Encounter.a.reference"]),
        (
            '{"a":[{"b":[{"reference":"urn:oid:1"}]},{"reference":"urn:uuid:2"}]}',
            ["a[0].b[0].reference", "a[1].reference"],
        ),
        ('{"a":{"reference" :\n "\\u0075rn:uuid:1"}}', ["Encounter.a.reference"]),
        ('{"a":{"reference":"urn:ietf:rfc:3986"}}', []),
        ('{"a":{"reference":"Patient/1"},"b":{"system":"urn:oid:1","value":"urn:uuid:2"}}', []),
        ('{"a":"\\"reference\\":\\"urn:uuid:1\\""}', []),
    ],
)
def test_references_by_local_addresses_are_found_where_they_stand(raw: str, found: list[str]) -> None:
    try:
        require_no_strays(raw.encode(), "Encounter")
        places = []
    except Invalid as error:
        places = [fault.expression for fault in error.faults]
    assert len(places) == len(found)
    assert all(place.endswith(end) for place, end in zip(places, found, strict=True))


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("http://x.example/fhir/Patient/1", ("http://x.example/fhir/", "Patient/1")),
        ("https://x.example/Patient/1", ("https://x.example/", "Patient/1")),
        ("http://x.example/fhir/Patient/1/_history/2", ("", "")),
        ("http://x.example/fhir/patient", ("", "")),
        ("Patient/1", ("", "")),
        (URN, ("", "")),
        ("", ("", "")),
    ],
)
def test_an_address_has_a_base_where_it_is_restful(address: str, parts: tuple[str, str]) -> None:
    assert split_address(address) == parts

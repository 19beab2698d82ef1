"""A token never grants more than was registered, whatever is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from app.access.narrowing import narrowed, written
from app.access.scope import OWN, Grants, Scope, read_scopes
from app.errors import BadParameter

PARTS = st.sampled_from([("class", "AMB"), ("class", "IMP"), ("status", "finished"), ("a b", "c&d=e+%")])
SCOPES = st.builds(
    Scope,
    st.sampled_from(["system", "user"]),
    st.sampled_from(["*", "Patient", "Encounter"]),
    st.sets(st.sampled_from("cruds"), min_size=1).map(lambda found: "".join(x for x in "cruds" if x in found)),
    st.lists(PARTS, max_size=2, unique=True).map(tuple),
)
TEXTS = st.tuples(st.lists(SCOPES, max_size=5), st.lists(st.sampled_from(sorted(OWN)), max_size=3)).map(
    lambda pair: " ".join([*(written(scope) for scope in pair[0]), *pair[1]])
)
RECORDS = st.sets(PARTS)


def may(grants: Grants, context: str, kind: str, letter: str, record: set) -> bool:
    """Say whether some scope gives an interaction with a record that fulfils these restrictions."""
    return any(
        one.context == context and one.type in ("*", kind) and letter in one.letters and set(one.criteria) <= record
        for one in grants.records
    )


@given(TEXTS, TEXTS, st.sampled_from(["system", "user"]), st.sampled_from(["Patient", "Encounter"]), RECORDS)
def test_what_is_granted_is_exactly_what_both_give(
    asked: str, registered: str, context: str, kind: str, record
) -> None:
    wanted, held = read_scopes(asked), read_scopes(registered)
    try:
        found = narrowed(asked, held)
    except BadParameter:
        found = Grants()
    for letter in "cruds":
        both = may(wanted, context, kind, letter, record) and may(held, context, kind, letter, record)
        assert may(found, context, kind, letter, record) == both
    assert found.own == wanted.own & held.own


@given(SCOPES)
def test_a_scope_is_written_as_it_is_read(scope: Scope) -> None:
    assert read_scopes(written(scope)).records == (scope,)

"""$summary: the International Patient Summary of a patient (tóm tắt hồ sơ). https://hl7.org/fhir/uv/ips/

Only what is held here stands in it; of what is not, each section says so.
"""

from urllib.parse import quote

from app.errors import BadParameter
from app.fhir.conditional import only_match, read_criteria
from app.fhir.interactions.read import missing
from app.fhir.operation import Call, Operation, Parameter, Reply, given
from app.fhir.service import Service
from app.resources.summary.document import BUNDLE_PROFILE, Making, document
from app.resources.summary.gather import gather
from app.store.pool import lend


async def summary(service: Service, call: Call) -> Reply:
    """Return the document Bundle about a patient, named by the address or by an identifier.

    Raises NotFound and Gone for a patient who is not here, Stale for an identifier of several, and BadParameter
    for a profile that is another, and where none or two ways of naming the patient are used.
    """
    sent = given(service, call, SUMMARY)
    if sent.get("profile", [BUNDLE_PROFILE])[0] != BUNDLE_PROFILE:
        raise BadParameter.of(
            f"profile can be {BUNDLE_PROFILE} only.", f"profile chỉ có thể là {BUNDLE_PROFILE}.", "profile"
        )
    identifier = sent.get("identifier", [""])[0]
    if bool(identifier) == bool(call.id):
        raise BadParameter.of(
            "The patient is named by the id in the address or by identifier, one of the two.",
            "Chỉ định người dân bằng id trong địa chỉ hoặc bằng identifier, một trong hai.",
            "identifier",
        )
    record_id = call.id or await _holder(service, identifier)
    held = await gather(service, record_id, call.asking.base)
    return Reply(document(held, Making(call.asking.base, service.settings.time_zone, service.clock())))


async def _holder(service: Service, identifier: object) -> str:
    """Return the id of the patient with an identifier, given as `system|value` or as a value alone."""
    if not isinstance(identifier, str):
        raise BadParameter.of(
            "identifier must be a string, system|value.", "identifier phải là chuỗi system|value.", "identifier"
        )
    kind = service.registry.person
    query = read_criteria(service, kind, f"identifier={quote(identifier, safe='')}")
    async with lend(service.pool) as connection:
        found = await only_match(service, connection, query)
    if found is None:
        raise missing(kind)
    return found


SUMMARY = Operation(
    name="summary",
    title="The International Patient Summary",
    title_vi="Tóm tắt hồ sơ sức khỏe theo chuẩn quốc tế (IPS)",
    levels=("type", "instance"),
    run=summary,
    parameters=(
        Parameter(
            "identifier",
            "string",
            "An identifier of the patient, as system|value, where the address names none.",
            "Mã định danh của người dân, dạng system|value, khi địa chỉ không chỉ định ai.",
        ),
        Parameter(
            "profile",
            "canonical",
            "The profile of the document; that of IPS alone is known.",
            "Profile của tài liệu; chỉ hỗ trợ profile của IPS.",
        ),
        Parameter(
            "return",
            "Bundle",
            "The document: Composition, Patient, and all records it refers to.",
            "Tài liệu gồm Composition, Patient và các hồ sơ được dẫn chiếu.",
            use="out",
            least=1,
        ),
    ),
    definition="http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
    needs=("r",),
)

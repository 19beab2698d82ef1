"""Operations (`$everything`, `$validate` and their like) from their declarations. https://hl7.org/fhir/R4/operations.html"""

from app.api.openapi.called_examples import sample
from app.api.openapi.parameters import query
from app.api.openapi.parts import Context, Item, Place, answer, any_of, described, json_body, json_content
from app.api.openapi.waiting import can_wait, waiting
from app.fhir import definitions
from app.fhir.links import PARAMETER
from app.fhir.operation import Operation, Parameter
from app.fhir.published.operation_definitions import standing
from app.fhir.resource_type import Registry
from app.fhir.search.described import Bilingual
from app.fhir.validation.primitives import PRIMITIVES

_NUMBERS = {"boolean": "boolean", "integer": "integer"}


def components(registry: Registry) -> dict[str, Item]:
    """Return the parameters that operations take by address, by their name among the components."""
    found: dict[str, Item] = {}
    for item in standing(registry):
        if any(asked_by_get(item.operation, instance=level == "instance") for level in item.operation.levels):
            found |= {f"{item.id}.{parameter.name}": _query(parameter) for parameter in _by_address(item.operation)}
    return found


def asked_by_get(operation: Operation, *, instance: bool) -> bool:
    """Say whether an address can hold all that an operation needs: it changes nothing, and no resource must be sent."""
    sent = any(item.type == "Resource" for item in _taken(operation))
    return not operation.changes and (instance or not sent)


def called(context: Context, place: Place, method: str) -> Item:
    """Describe an operation where it stands. Raises LookupError for a place where none does."""
    if place.operation is None:
        raise LookupError(place.path)
    operation, by_get = place.operation, method == "GET"
    name = f"{_camel(operation.name)}{place.tag}{'Instance' if place.instance else ''}{'' if by_get else 'ByPost'}"
    title = f"{operation.title} · {operation.title_vi}"
    waits = can_wait(method, "operation", operation.name)
    parameters = _parameters(context, operation) if by_get else ()
    return described(
        context,
        place,
        (name, title, _says(operation, listed=not by_get)),
        {"200": _answer(operation), **(waiting() if waits else {})},
        _errors(place, method),
        (*parameters, *(("Prefer.async",) if waits else ())),
        None if by_get else _body(context, place, operation),
    )


def _taken(operation: Operation) -> list[Parameter]:
    return [item for item in operation.parameters if item.use == "in"]


def _by_address(operation: Operation) -> list[Parameter]:
    """Return the parameters whose values can stand in an address."""
    return [item for item in _taken(operation) if item.type[:1].islower()]


def _parameters(context: Context, operation: Operation) -> tuple[str, ...]:
    of = next(item.id for item in standing(context.registry) if item.operation is operation)
    paged = (PARAMETER,) if any(item.name == "_count" for item in operation.parameters) else ()
    return (*(f"{of}.{item.name}" for item in _by_address(operation)), *paged)


def _query(parameter: Parameter) -> Item:
    known = PRIMITIVES.get(parameter.type)
    schema = known.schema if known and parameter.type != "date" else {"type": _NUMBERS.get(parameter.type, "string")}
    if parameter.most == "*":
        schema = {"type": "array", "items": schema}
    return query(parameter.name, Bilingual(parameter.en, parameter.vi), schema)


def _says(operation: Operation, *, listed: bool) -> Bilingual:
    """Return what is said of an operation; `listed` with its parameters, which else stand by themselves."""
    taken = _taken(operation) if listed else []
    en = [f"- `{item.name}` ({item.type}, {item.least}..{item.most}): {item.en}" for item in taken]
    vi = [f"- `{item.name}`: {item.vi}" for item in taken]
    return Bilingual("\n".join([f"{operation.title}.", *en]), "\n".join([f"{operation.title_vi}.", *vi]))


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return "".join([first, *(part.capitalize() for part in rest)])


def _answer(operation: Operation) -> Item:
    out = [item for item in operation.parameters if item.use == "out"]
    whole = len(out) == 1 and out[0].name == "return" and out[0].type in definitions.type_names()
    told = Bilingual(out[0].en, out[0].vi) if len(out) == 1 else Bilingual("The result.", "Kết quả.")
    return answer(told, json_content(any_of(out[0].type if whole else "Parameters")))


def _body(context: Context, place: Place, operation: Operation) -> Item:
    """Return what is sent: the parameters, or the resource alone where the operation is about one."""
    alone = any(item.type == "Resource" for item in _taken(operation))
    kinds = ("Parameters", *((place.kind.name,) if alone and place.kind else ()))
    return json_body(any_of(*kinds), required=bool(_taken(operation)), example=sample(context.registry, place))


def _errors(place: Place, method: str) -> tuple[str, ...]:
    sent = ("BadBody", "TooLarge", "UnsupportedMedia") if method == "POST" else ("BadParameter",)
    changed = ("Conflict",) if place.operation and place.operation.changes else ()
    held = ("Gone", "Stale", "Unprocessable") if place.kind else ()
    return (*sent, "NotFound", *changed, *held)

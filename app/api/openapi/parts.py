"""What the operations of the document are put together from. https://spec.openapis.org/oas/v3.1.1.html#operation-object"""

from typing import Any, NamedTuple

from app.api.openapi.parameters import refs
from app.api.openapi.schemas import ref
from app.config import Settings
from app.fhir.operation import Operation
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.described import Bilingual

Item = dict[str, Any]
MEDIA = "application/fhir+json"
VERSION = ("ETag", "Last-Modified")
"""The headers of an answer that is a version of a record."""
SYSTEM = "System"
"""The tag of what is no type's own."""
ALWAYS = ("_format", "_pretty", "Accept-Language")
"""The parameters that every interaction takes."""


class Context(NamedTuple):
    """What operations are made from: the served types, the settings, and the responses to errors by name."""

    registry: Registry
    settings: Settings
    statuses: dict[str, int]


class Place(NamedTuple):
    """An address of the document: its path, the type it names, and what else stands in it.

    `name` is the type of a shipped definition or of what a compartment is searched for (`*` for all); `operation`
    is the operation that stands there, at one record where `instance`. `given` are the parameters of the path.
    """

    path: str
    kind: ResourceType | None = None
    name: str = ""
    operation: Operation | None = None
    instance: bool = False
    given: tuple[str, ...] = ()

    @property
    def typed(self) -> ResourceType:
        """The served type that the address names. Raises LookupError where it names none."""
        if self.kind is None:
            raise LookupError(self.path)
        return self.kind

    @property
    def tag(self) -> str:
        """The heading under which its operations are listed."""
        return self.kind.name if self.kind else self.name or SYSTEM


def described(
    context: Context,
    place: Place,
    head: tuple[str, str, Bilingual],
    answers: Item,
    errors: tuple[str, ...],
    parameters: tuple[str, ...] = (),
    body: Item | None = None,
) -> Item:
    """Return an operation: `head` is its id, its summary and what is said of it; the rest are names of components."""
    name, summary, says = head
    sent = ("Content-Encoding",) if body else ()
    # Stated by each operation: the page does not follow references that stand at the path.
    listed = refs(*place.given, *parameters, *sent, *ALWAYS)
    made = {"tags": [place.tag], "operationId": name, "summary": summary, "description": str(says)}
    made |= {"parameters": listed, **({"requestBody": body} if body else {})}
    return {**made, "responses": _responses(context, answers, (*errors, *(("TooSlow",) if body else ())))}


def _responses(context: Context, good: Item, errors: tuple[str, ...]) -> Item:
    always = ("NotAcceptable", "Unexpected", "Unavailable")
    bad = {str(context.statuses[name]): shared(name) for name in (*errors, *always)}
    return dict(sorted({**good, **bad}.items()))


def shared(name: str) -> Item:
    """Return the reference to a response among the components."""
    return {"$ref": f"#/components/responses/{name}"}


def sent(name: str) -> Item:
    """Return the reference to a body among the components."""
    return {"$ref": f"#/components/requestBodies/{name}"}


def json_content(schema: Item, **values: Any) -> Item:
    """Return the content of an answer or a body in FHIR's JSON, with examples by name."""
    examples = {"examples": {name: {"value": value} for name, value in values.items()}} if values else {}
    return {MEDIA: {"schema": schema, **examples}}


def answer(says: Bilingual, content: Item | None = None, *headers: str) -> Item:
    """Return the Response Object of what went well; `headers` are names of components."""
    listed = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    return {
        "description": str(says),
        **({"headers": listed} if listed else {}),
        **({"content": content} if content else {}),
    }


def json_body(schema: Item, *, required: bool = True, **values: Any) -> Item:
    """Return the Request Body Object of a resource."""
    content = json_content(schema, **values)
    return {"required": required, "content": {**content, "application/json": content[MEDIA]}}


def form_body(schema: Item, example: Item) -> Item:
    """Return the Request Body Object of a search that is sent as a form."""
    content = {"application/x-www-form-urlencoded": {"schema": schema, "example": example}}
    return {"required": True, "content": content}


def any_of(*names: str) -> Item:
    """Return the schema of any of these resource types."""
    return ref(names[0]) if len(names) == 1 else {"anyOf": [ref(name) for name in names]}

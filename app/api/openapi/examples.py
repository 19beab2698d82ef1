"""Examples that work as they stand, one after the other, made from the example of each type. https://hl7.org/fhir/R4/http.html"""

from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.described import codes
from app.fhir.search.parameter import Parameter
from app.fhir.search.values import SEPARATOR

Tree = dict[str, Any]
ID = "mau-1"
"""The id in addresses; the examples of types that belong to a patient refer to the patient of this id."""
BASE = "https://tramy.example/fhir"
TIME = "2026-11-22T01:00:00.000Z"
_FALLBACK = {
    "token": "active",
    "string": "Mẫu",
    "date": "ge2026-01-01",
    "quantity": "ge30|http://unitsofmeasure.org|min",
    "special": "21.0278|105.8342|5|km",
    "uri": "https://tramy.example/fhir/StructureDefinition/mau",
}


def sent(kind: ResourceType) -> Tree:
    """Return the resource as it is sent to be created."""
    return dict(kind.example)


def sent_with_id(kind: ResourceType) -> Tree:
    """Return the resource as it is sent to be updated."""
    return {"resourceType": kind.name, "id": ID, **{key: item for key, item in kind.example.items() if key != "id"}}


def held(kind: ResourceType) -> Tree:
    """Return the resource as it is answered."""
    rest = {key: item for key, item in kind.example.items() if key not in ("resourceType", "id", "meta")}
    return {"resourceType": kind.name, "id": ID, "meta": {"versionId": "1", "lastUpdated": TIME}, **rest}


def searchset(kind: ResourceType) -> Tree:
    """Return a page of search results."""
    entry = {"fullUrl": f"{BASE}/{kind.name}/{ID}", "resource": held(kind), "search": {"mode": "match"}}
    link = [{"relation": "self", "url": f"{BASE}/{kind.name}?_count=50"}]
    return {"resourceType": "Bundle", "type": "searchset", "total": 1, "link": link, "entry": [entry]}


def history(kind: ResourceType) -> Tree:
    """Return the versions of a record."""
    address = f"{BASE}/{kind.name}/{ID}"
    response = {"status": "201", "etag": 'W/"1"', "lastModified": TIME}
    request = {"method": "PUT", "url": f"{kind.name}/{ID}"}
    entry = {"fullUrl": address, "resource": held(kind), "request": request, "response": response}
    link = [{"relation": "self", "url": f"{address}/_history"}]
    return {"resourceType": "Bundle", "type": "history", "total": 1, "link": link, "entry": [entry]}


def json_patch() -> list[Tree]:
    """Return a patch of any record in the language of RFC 6902."""
    return [{"op": "add", "path": "/language", "value": "vi"}]


def fhirpath_patch(kind: ResourceType) -> Tree:
    """Return a patch of a record as a Parameters resource; it takes away what the other adds."""
    parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": f"{kind.name}.language"}]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


def chain(registry: Registry, kind: ResourceType) -> str:
    """Return a condition on what records of a type refer to, "" where they refer to nothing that is served."""
    for parameter in kind.search:
        for name in parameter.targets:
            if name in registry:
                wanted = "name" if "name" in registry[name].parameters else "_id"
                value = "mau" if wanted == "name" else ID
                several = sum(target in registry for target in parameter.targets) > 1
                return f"{parameter.name}{f':{name}' if several else ''}.{wanted}={value}"
    return ""


def reverse(registry: Registry, kind: ResourceType) -> str:
    """Return a condition on what refers to records of a type, "" where nothing that is served does."""
    for source in registry:
        for parameter in source.search:
            if source is not kind and kind.name in parameter.targets:
                return f"_has:{source.name}:{parameter.name}:_id={ID}"
    return ""


def register(registry: Registry) -> Tree:
    """Return a transaction that registers a person with records that refer to the entry of the person."""
    addresses = {kind.name: f"urn:uuid:{uuid5(NAMESPACE_URL, kind.name)}" for kind in _cared(registry)}
    person = addresses[registry.person.name]
    entries = []
    for kind in _cared(registry):
        request = {"method": "POST", "url": kind.name, **_once(kind)}
        resource = {**kind.example, **({kind.owner: {"reference": person}} if kind.owner else {})}
        entries.append({"fullUrl": addresses[kind.name], "resource": resource, "request": request})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def repeatable(registry: Registry) -> Tree:
    """Return a transaction under ids of the client's, which may be sent again after a broken connection."""
    entries = [
        {"resource": sent_with_id(kind), "request": {"method": "PUT", "url": f"{kind.name}/{ID}"}}
        for kind in _cared(registry)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def look_up(registry: Registry) -> Tree:
    """Return a batch of searches."""
    entries = [{"request": {"method": "GET", "url": f"{kind.name}?_count=5"}} for kind in _cared(registry)]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}


def registered(registry: Registry) -> Tree:
    """Return the answer to a transaction."""
    entries = [
        {
            "response": {
                "status": "201",
                "location": f"{kind.name}/{ID}/_history/1",
                "etag": 'W/"1"',
                "lastModified": TIME,
            }
        }
        for kind in _cared(registry)
    ]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


def criteria(kind: ResourceType) -> str:
    """Return a condition that only the example meets, its identifier where it has one."""
    name = "identifier" if kind.example.get("identifier") and "identifier" in kind.parameters else "_id"
    if name == "_id":
        return f"_id={ID}"
    first = kind.example["identifier"][0]
    return f"identifier={first['system']}|{first['value']}"


def searched(kind: ResourceType, parameter: Parameter, zone: ZoneInfo) -> str:
    """Return a value that finds the example; where the example has none, one of the right form."""
    if parameter.name == "_id":
        return ID
    found = parameter.read(dict(kind.example), zone).get(parameter.column)
    if parameter.kind in ("token", "string", "reference") and found:
        return found[0].rpartition(SEPARATOR)[2].strip().lstrip("|")
    if parameter.kind == "reference":
        return f"{parameter.targets[0]}/{ID}"
    allowed = codes(kind, parameter)
    return allowed[0] if allowed else _FALLBACK[parameter.kind]


def _cared(registry: Registry) -> list[ResourceType]:
    return [registry.person, *registry.owned]


def _once(kind: ResourceType) -> dict[str, str]:
    return {"ifNoneExist": criteria(kind)} if kind.is_person else {}

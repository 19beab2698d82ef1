"""Derives the profiles of this folder from the R4 definitions: `python schemas/profiles/derive.py`.

Each profile narrows one resource type of R4; what it adds stands here, once, and becomes both its differential and its
snapshot. README.md says what a profile means. https://hl7.org/fhir/R4/profiling.html
"""

import copy
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BASES = HERE.parent / "fhir" / "profiles"
R4 = "http://hl7.org/fhir/StructureDefinition"
CANONICAL = "https://tramy.vn/fhir/StructureDefinition"
SID = "http://fhir.ehealth.gov.vn/core/sid"
VERSION = "0.1.0"
DATE = "2026-11-22"
Tree = dict[str, Any]

# Identifiers: name of the slice, system, what it is, and the shape of its value without blanks, dots and hyphens.
NATIONAL_ID = ("nationalId", f"{SID}/national_id", "Số định danh cá nhân, căn cước: 12 digits", r"^[0-9]{12}$")
CITIZEN_ID = (
    "citizenId",
    f"{SID}/citizen_id",
    "Chứng minh nhân dân, former identity card: 9 digits",
    r"^[0-9]{9}$",
)
INSURANCE_NUMBER = (
    "insuranceNumber",
    f"{SID}/insurance_number",
    "Mã thẻ BHYT: 15 characters (QĐ 1351/QĐ-BHXH), or the 10 digits printed on it, or the national number",
    r"^([A-Za-z]{2}[1-5][0-9]{12}|[0-9]{10}|[0-9]{12})$",
)
E_BOOK = (
    "eBook",
    "https://tramy.vn/sid/so-suc-khoe-dien-tu",
    "Sổ sức khỏe điện tử, opened on period.start (QĐ 31/QĐ-BYT 2026)",
    "",
)
SHAPED = (NATIONAL_ID, CITIZEN_ID, INSURANCE_NUMBER)
COMMUNE = (
    "A commune is coded in an extension: `https://tramy.vn/fhir/StructureDefinition/commune`, or `ward` of VN Core's "
    "`http://fhir.ehealth.gov.vn/core/StructureDefinition/extension-administrative-address`. Coding.version says which "
    "list of units is meant (`2025-07` since 2025-07-01, `2004` before). Without a coded commune a person counts as "
    "unassigned. Mã xã ghi trong phần mở rộng; Coding.version cho biết danh mục (2025-07 hoặc 2004)."
)
# What each profile adds: title, text, identifier slices, and by element what is said of it.
PROFILES: dict[str, Tree] = {
    "Patient": {
        "title": "Người dân do trạm y tế quản lý",
        "description": "A person under the care of a health station. A national number is held by one record alone.",
        "identifiers": (*SHAPED, E_BOOK),
        "elements": {
            "identifier": {},
            "active": {"comment": "A person who is not active counts nowhere. Người không còn hoạt động không tính."},
            "name": {},
            "gender": {},
            "birthDate": {"comment": "A year, or a month, is enough where the day is unknown."},
            "deceased[x]": {"comment": "With a date a person counts until the day before it; `true` alone: nowhere."},
            "address": {"comment": COMMUNE},
        },
    },
    "Encounter": {
        "title": "Lượt khám chữa bệnh",
        "description": "A visit for care. Finished, it is a contact on the day on which it began (Asia/Ho_Chi_Minh).",
        "identifiers": SHAPED,
        "elements": {
            "status": {},
            "class": {"comment": "VR for care from afar (khám chữa bệnh từ xa)."},
            "type": {"comment": "MA_LOAI_KCB: https://tramy.vn/CodeSystem/ma-loai-kcb."},
            "subject": {"comment": "A patient that is named must be held here."},
            "period": {},
            "serviceProvider": {},
        },
    },
    "Immunization": {
        "title": "Mũi tiêm chủng",
        "description": "A dose of a vaccine given, or not given. Completed, it is a contact on its day.",
        "identifiers": SHAPED,
        "elements": {
            "status": {},
            "vaccineCode": {"comment": "CVX, ATC or a text; https://tramy.vn/fhir/ValueSet/vac-xin lists common CVX."},
            "patient": {"comment": "Must be held here."},
            "occurrence[x]": {"comment": "A dateTime: an occurrence in words counts nowhere."},
            "protocolApplied": {"comment": "doseNumber[x] and targetDisease, as QĐ 3891/QĐ-BYT 2025 asks."},
        },
    },
    "Coverage": {
        "title": "Thẻ bảo hiểm y tế",
        "description": "An insurance card. It is one of social health insurance when an identifier is a card number, "
        "or its type is coded PUBLICPOL (v3-ActCode) or BHYT.",
        "identifiers": SHAPED,
        "elements": {
            "identifier": {},
            "status": {"comment": "Only an active card insures."},
            "type": {},
            "beneficiary": {"comment": "Must be held here."},
            "period": {"comment": "The last day is included; without an end the card stays in force."},
        },
    },
    "Organization": {
        "title": "Cơ sở khám chữa bệnh",
        "description": "A facility or another organization. Codes of facilities repeat in real life.",
        "elements": {"identifier": {"comment": "MA_CSKCB (5 characters) or GLN (13 digits)."}, "name": {}},
    },
    "Location": {
        "title": "Địa điểm",
        "description": "A place where care is given.",
        "elements": {"name": {}, "address": {"comment": COMMUNE}, "managingOrganization": {}},
    },
    "Practitioner": {
        "title": "Người hành nghề",
        "description": "Someone who gives care.",
        "elements": {"identifier": {}, "name": {}},
    },
}


def main() -> None:
    """Write every profile, and the extension."""
    for tree in structures():
        text = json.dumps(tree, ensure_ascii=False, indent=1)
        (HERE / f"{tree['id']}.json").write_text(f"{text}\n", encoding="utf-8")


def structures() -> list[Tree]:
    """Return every StructureDefinition of this folder."""
    return [*(profile(name, said) for name, said in PROFILES.items()), extension()]


def profile(name: str, said: Tree) -> Tree:
    """Return the profile of a type."""
    base = json.loads((BASES / f"{name}.json").read_text(encoding="utf-8"))
    changes = differential(name, said)
    return {
        **head(f"tramy-{name.lower()}", f"Tramy{name}", said["title"], said["description"]),
        "kind": "resource",
        "abstract": False,
        "type": name,
        "baseDefinition": f"{R4}/{name}",
        "derivation": "constraint",
        "snapshot": {"element": snapshot(base["snapshot"]["element"], changes)},
        "differential": {"element": changes},
    }


def head(record: str, name: str, title: str, description: str) -> Tree:
    """Return what every StructureDefinition begins with."""
    return {
        "resourceType": "StructureDefinition",
        "id": record,
        "url": f"{CANONICAL}/{record}",
        "version": VERSION,
        "name": name,
        "title": title,
        "status": "active",
        "date": DATE,
        "publisher": "Tramy",
        "description": description,
        "fhirVersion": "4.0.1",
    }


def differential(name: str, said: Tree) -> list[Tree]:
    """Return the elements a profile changes, in the order in which they are written here."""
    found: list[Tree] = [{"id": name, "path": name, "short": said["title"], "definition": said["description"]}]
    slices = said.get("identifiers", ())
    elements = {"identifier": {}, **said["elements"]} if slices else said["elements"]
    for element, more in elements.items():
        path = f"{name}.{element}"
        change = {"id": path, "path": path, **more, "mustSupport": True}
        if element == "identifier" and slices:
            change["slicing"] = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
        found.append(change)
        if element == "identifier":
            found += [identifier(path, *item) for item in slices]
    return found


def identifier(path: str, name: str, system: str, short: str, shape: str) -> Tree:
    """Return the slice of identifiers of one system; its constraint is the shape that is enforced."""
    made: Tree = {"id": f"{path}:{name}", "path": path, "sliceName": name, "short": short, "min": 0, "max": "*"}
    made["patternIdentifier"] = {"system": system}
    if shape:
        bare = "value.replace(' ', '').replace('-', '').replace('.', '')"
        made["constraint"] = [
            {
                "key": f"tramy-{name}",
                "severity": "error",
                "human": short,
                "expression": f"value.empty() or {bare}.matches('{shape}')",
            }
        ]
    return made


def snapshot(base: list[Tree], changes: list[Tree]) -> list[Tree]:
    """Return the base with the changes in it; a slice follows the element it is cut from."""
    plain = {change["id"]: change for change in changes if "sliceName" not in change}
    known = {element["id"]: element for element in base}
    unknown = plain.keys() - known.keys()
    if unknown:
        raise ValueError(f"not in R4: {sorted(unknown)}")
    found: list[Tree] = []
    for element in base:
        found.append(merged(element, plain.get(element["id"], {})))
        slices = [change for change in changes if change["path"] == element["path"] and "sliceName" in change]
        found += [merged(element, change) for change in slices]
    return found


def merged(element: Tree, change: Tree) -> Tree:
    """Return an element with what is said anew of it; constraints are added to those it has."""
    made = {**copy.deepcopy(element), **change}
    constraints = [*element.get("constraint", ()), *change.get("constraint", ())]
    return {**made, "constraint": constraints} if constraints else made


def extension() -> Tree:
    """Return the extension that codes the commune of an Address."""
    short = "Mã xã của địa chỉ"
    description = (
        "The commune of an Address, coded. Coding.version says which list of units the code is of; without it the list "
        "of the day of receipt is assumed, and such guesses are counted."
    )
    elements = [
        {
            "id": "Extension",
            "path": "Extension",
            "short": short,
            "definition": description,
            "min": 0,
            "max": "*",
            "base": {"path": "Extension", "min": 0, "max": "*"},
            "isModifier": False,
        },
        part("id", "Id within the resource", 0, "1", "string"),
        part("extension", "No further extensions", 0, "0", "Extension"),
        {**part("url", "Says what the extension means", 1, "1", "uri"), "fixedUri": f"{CANONICAL}/commune"},
        part("value[x]", "Code, version and, if known, name of the commune", 1, "1", "Coding"),
    ]
    changes = [
        {"id": "Extension", "path": "Extension", "short": short, "definition": description},
        {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": f"{CANONICAL}/commune"},
        {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": "Coding"}]},
    ]
    return {
        **head("commune", "Commune", short, description),
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": "Address"}],
        "type": "Extension",
        "baseDefinition": f"{R4}/Extension",
        "derivation": "constraint",
        "snapshot": {"element": elements},
        "differential": {"element": changes},
    }


def part(name: str, short: str, least: int, most: str, kind: str) -> Tree:
    """Return an element of the extension."""
    path = f"Extension.{name}"
    many = name == "extension"
    base = {"path": path, "min": 1 if name == "url" else 0, "max": "*" if many else "1"}
    # The ids and addresses of elements are strings of the system, not elements with extensions of their own.
    code = "http://hl7.org/fhirpath/System.String" if name in ("id", "url") else kind
    return {
        "id": path,
        "path": path,
        "short": short,
        "definition": short,
        "min": least,
        "max": most,
        "base": base,
        "type": [{"code": code}],
        "isModifier": False,
    }


if __name__ == "__main__":
    main()

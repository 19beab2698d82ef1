"""Derives the files of this folder from the FHIR R4 (4.0.1) publication: `python derive.py FOLDER`.

FOLDER holds fhir.schema.json, profiles/*.json and required-bindings.json. README.md says what is changed and why.
https://hl7.org/fhir/R4/downloads.html
"""

import importlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESOURCE_TYPES = "http://hl7.org/fhir/ValueSet/resource-types"
PRIMITIVES = ("base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer")
PRIMITIVES += ("markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "xhtml")
# The base types and SimpleQuantity places of the data types; no StructureDefinition of a data type is kept here.
SIMPLE = {
    "Range": ["high", "low"],
    "SampledData": ["origin"],
    "Dosage": ["maxDosePerAdministration", "maxDosePerLifetime"],
    "Dosage_DoseAndRate": ["doseQuantity", "rateQuantity"],
}


def owner(name: str) -> str:
    """Name the file a definition belongs to: its type, before the first underscore."""
    return name.split("_")[0]


def reachable(definitions: dict[str, Any], types: list[str]) -> set[str]:
    """Collect the definitions reached from `types`, so that a vendor's own definitions stay out."""
    seen: set[str] = set()
    waiting = [*types, *PRIMITIVES, "ElementDefinition"]
    while waiting:
        name = waiting.pop()
        if name in seen or name == "ResourceList" or name not in definitions:
            continue
        seen.add(name)
        waiting += re.findall(r"#/definitions/(\w+)", json.dumps(definitions[name]))
    return seen


def referred(definitions: dict[str, Any], name: str, element: str) -> str:
    """Name the definition an element refers to; backbone elements are named after their last part only."""
    target = definitions[name]["properties"][element]
    return target.get("items", target)["$ref"].rsplit("/", 1)[1]


def snapshot_elements(definitions: dict[str, Any], profile: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """List (definition name, element name, element) of a snapshot, the root left out."""
    rows = []
    for element in profile["snapshot"]["element"]:
        name, *parts = element["path"].split(".")
        for part in parts[:-1]:
            name = referred(definitions, name, part)
        if parts:
            rows.append((name, parts[-1], element))
    return rows


def primitive_of(name: str) -> str | None:
    """Find the primitive type that ends the name of a choice element, the longest that fits."""
    fits = [p for p in PRIMITIVES if name.endswith(p[0].upper() + p[1:])]
    return max(fits, key=len, default=None)


def cleaned(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """Refer to primitives by name where the publication repeats them, and drop a vendor's additions."""
    definition = json.loads(json.dumps(definition))
    properties = definition.get("properties", {})
    if name == "Reference":
        properties.pop("resource", None)
    if name == "OperationOutcome":
        properties.pop("status", None)
        properties.pop("resource", None)
    for key, value in properties.items():
        if "pattern" in value or (value.get("type") in ("boolean", "number") and "$ref" not in value):
            primitive = primitive_of(key)
            if primitive is None:
                raise SystemExit(f"{name}.{key} is neither a reference nor a choice")
            properties[key] = {"description": value.get("description", ""), "$ref": f"#/definitions/{primitive}"}
    return definition


def bind(definitions: dict[str, Any], profiles: list[dict[str, Any]], codes: dict[str, list[dict[str, str]]]) -> None:
    """Add the enum of a required binding where the schema has a bare code."""
    for profile in profiles:
        for name, element, row in snapshot_elements(definitions, profile):
            binding = row.get("binding", {})
            listed = codes.get(binding.get("valueSet", "").split("|")[0])
            if binding.get("strength") != "required" or not listed or row["type"][0]["code"] != "code":
                continue
            target = definitions[name]["properties"][element]
            target = target.get("items", target)
            if "enum" not in target:
                target.pop("$ref", None)
                target["enum"] = sorted({c["code"] for c in listed})


def facts_of_profile(rows: list[tuple[str, str, dict[str, Any]]], codes: dict[str, Any], facts: dict[str, Any]) -> None:
    """Take required elements, choices, reference targets and concept bindings from the elements of a snapshot."""
    for name, last, row in rows:
        fact = facts.setdefault(name, {})
        element = last.removesuffix("[x]")
        names = [element]
        if last.endswith("[x]"):
            names = [element + t["code"][0].upper() + t["code"][1:] for t in row["type"]]
            fact.setdefault("choices", {})[element] = names
        if row["min"] > 0:
            fact.setdefault("required", []).append(element)
        for kind in row.get("type", []):
            spelled = names[0] if len(names) == 1 else element + kind["code"][0].upper() + kind["code"][1:]
            targets = sorted(t.rsplit("/", 1)[1] for t in kind.get("targetProfile", []))
            if kind["code"] == "Reference" and targets and targets != ["Resource"]:
                fact.setdefault("targets", {})[spelled] = targets
            if any(p.endswith("/SimpleQuantity") for p in kind.get("profile", [])):
                fact.setdefault("simple", []).append(spelled)
        binding = row.get("binding", {})
        value_set = binding.get("valueSet", "").split("|")[0]
        if binding.get("strength") == "required" and value_set in codes and row["type"][0]["code"] != "code":
            fact.setdefault("concepts", {})[element] = value_set


def facts_of_model(name: str, facts: dict[str, Any]) -> None:
    """Take the same from the fhir.resources model of a data type, or of a type whose snapshot is not kept."""
    try:
        module = importlib.import_module(f"fhir.resources.R4B.{owner(name).lower()}")
        model = getattr(module, name.replace("_", ""))
    except (ImportError, AttributeError):
        return
    fact: dict[str, Any] = {}
    for field in model.model_fields.values():
        extra = field.json_schema_extra or {}
        choice = extra.get("one_of_many")
        if choice:
            fact.setdefault("choices", {}).setdefault(choice, []).append(field.alias)
        if extra.get("element_required") or extra.get("one_of_many_required") or field.is_required():
            required = fact.setdefault("required", [])
            if (choice or field.alias) not in required:
                required.append(choice or field.alias)
        targets = extra.get("enum_reference_types")
        if targets and "Resource" not in targets:
            fact.setdefault("targets", {})[field.alias] = sorted(targets)
    facts[name] = fact


def snapshot_flags(rows: list[tuple[str, str, dict[str, Any]]], flags: dict[str, Any]) -> None:
    """Take from the elements of a snapshot which are part of a summary, and which change the meaning of the rest."""
    for name, last, row in rows:
        names = [last]
        if last.endswith("[x]"):
            element = last.removesuffix("[x]")
            names = [element + kind["code"][0].upper() + kind["code"][1:] for kind in row["type"]]
        for flag, key in (("isSummary", "summary"), ("isModifier", "modifier")):
            if row.get(flag):
                flags.setdefault(name, {}).setdefault(key, []).extend(names)


def model_flags(definitions: dict[str, Any], name: str, model: str, flags: dict[str, Any]) -> None:
    """Take what is part of a summary from the fhir.resources model of a definition and of its backbone elements."""
    try:
        found = getattr(importlib.import_module(f"fhir.resources.R4B.{owner(name).lower()}"), model)
    except (ImportError, AttributeError):
        return
    flags[name] = {}
    for field in found.model_fields.values():
        member = definitions[name].get("properties", {}).get(field.alias)
        if member is None:
            continue
        if (field.json_schema_extra or {}).get("summary_element_property"):
            flags[name].setdefault("summary", []).append(field.alias)
        target = member.get("items", member).get("$ref", "").rsplit("/", 1)[-1]
        inner = re.search(r"(\w+)Type\b", str(field.annotation))
        if inner and owner(target) == owner(name) and target not in flags:
            model_flags(definitions, target, inner[1], flags)


def shapes(definitions: dict[str, Any], profiles: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the summary and modifier elements of each definition; one of which nothing is said stands whole."""
    flags: dict[str, Any] = {}
    for name in definitions:
        if "_" not in name:
            model_flags(definitions, name, name, flags)
    for profile in profiles:
        for stale in [n for n in flags if owner(n) == profile["type"]]:
            del flags[stale]
        snapshot_flags(snapshot_elements(definitions, profile), flags)
    out = {}
    for name in sorted(flags):
        known = definitions[name].get("properties", {})
        kept = {key: sorted(n for n in names if n in known) for key, names in sorted(flags[name].items())}
        out[name] = {key: names for key, names in kept.items() if set(names) - {"modifierExtension"}}
    return {name: value for name, value in out.items() if value}


def trimmed(definitions: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Keep only what the R4 definitions know, in a fixed order."""
    out = {}
    for name in sorted(definitions):
        properties = definitions[name].get("properties", {})
        fact = facts.get(name, {})
        choices = {k: sorted(n for n in v if n in properties) for k, v in fact.get("choices", {}).items()}
        kept = {
            "required": sorted(r for r in fact.get("required", []) if r in properties or choices.get(r)),
            "choices": {k: v for k, v in sorted(choices.items()) if v},
            "targets": {k: v for k, v in sorted(fact.get("targets", {}).items()) if k in properties},
            "simple": sorted(s for s in fact.get("simple", SIMPLE.get(name, [])) if s in properties),
            "concepts": fact.get("concepts", {}),
        }
        out[name] = {k: v for k, v in kept.items() if v}
    return {k: v for k, v in out.items() if v}


def write(path: Path, value: object) -> None:
    """Write JSON that a person can read and a diff can follow."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_lines(path: Path, value: dict[str, Any]) -> None:
    """Write an object with one line for each member."""
    lines = (f" {json.dumps(name)}: {json.dumps(item)}" for name, item in value.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def load(path: Path) -> Any:
    """Read one JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def main(source: Path) -> None:
    """Write definitions/, elements.json, names.json, profiles/, summary.json and required-bindings.json."""
    codes = load(source / "required-bindings.json")
    published = load(source / "fhir.schema.json")["definitions"]
    types = sorted({c["code"] for c in codes[RESOURCE_TYPES]} & set(published))
    names = reachable(published, types)
    definitions = {name: cleaned(name, published[name]) for name in sorted(names)}
    profiles = [load(path) for path in sorted((source / "profiles").glob("*.json"))]
    bind(definitions, profiles, codes)
    facts: dict[str, Any] = {}
    for name in definitions:
        facts_of_model(name, facts)
    for profile in profiles:
        for stale in [n for n in facts if owner(n) == profile["type"]]:
            del facts[stale]
    for profile in profiles:
        facts_of_profile(snapshot_elements(definitions, profile), codes, facts)
    shutil.rmtree(HERE / "definitions", ignore_errors=True)
    for kind in types:
        own = {n: d for n, d in definitions.items() if owner(n) == kind}
        write(HERE / "definitions" / f"{kind}.json", own)
    data_types = {n: d for n, d in definitions.items() if owner(n) not in types}
    write(HERE / "definitions" / "datatypes.json", data_types)
    write(HERE / "elements.json", trimmed(definitions, facts))
    write_lines(HERE / "summary.json", shapes(definitions, profiles))
    vocabulary = {k.removeprefix("_") for d in definitions.values() for k in d.get("properties", {})}
    write(HERE / "names.json", {"types": types, "elements": sorted(vocabulary)})
    shutil.copy(source / "required-bindings.json", HERE / "required-bindings.json")
    for path in sorted((source / "profiles").glob("*.json")):
        write(HERE / "profiles" / path.name, load(path))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

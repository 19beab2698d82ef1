"""Prints what checking costs: microseconds per step for typical resources, start-up time and memory.

python bench/validation.py
"""

import resource
import sys
import time
import timeit
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
EXAMPLES = ROOT / "tests" / "data" / "examples"
TYPES = ("Patient", "Immunization", "Encounter", "Coverage", "Organization", "Location", "Practitioner")
SHOWN = ("Patient-mom", "Patient-f001", "Immunization-historical", "Encounter-home", "Encounter-f003", "Coverage-7547E")


def peak() -> float:
    """Read the most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def best(call) -> float:
    """Time a call: the best of five rounds, in microseconds."""
    return min(timeit.repeat(call, number=300, repeat=5)) / 300 * 1e6


def main() -> None:
    before, began = peak(), time.perf_counter()
    from app.fhir.json import parse
    from app.fhir.validation import Validator
    from app.fhir.validation.containment import contained_types
    from app.fhir.validation.model import Model
    from app.fhir.validation.references import Root
    from app.fhir.validation.schema import Gate
    from app.fhir.validation.walk import Walk

    validator = Validator(TYPES)
    took = time.perf_counter() - began
    walk = Walk(lambda _, __: ())
    print(f"{'resource':26}{'bytes':>7}{'parse':>8}{'schema':>8}{'model':>8}{'walk':>8}{'faults':>8}   us")
    for name in SHOWN:
        raw = (EXAMPLES / f"{name}.json").read_bytes()
        tree = parse(raw, depth_limit=64)
        kind = tree["resourceType"]
        gate, model, check, root = Gate(kind), Model(kind), walk.check(kind), Root(kind, contained_types(tree))
        steps = [
            best(lambda raw=raw: parse(raw, depth_limit=64)),
            best(lambda gate=gate, tree=tree: gate.admits(tree)),
            best(lambda model=model, tree=tree: model.findings(tree, {}, {})),
            best(lambda check=check, tree=tree, root=root: check(tree, root)),
            best(lambda kind=kind, tree=tree: validator.faults(kind, tree)),
        ]
        print(f"{name:26}{len(raw):7}" + "".join(f"{step:8.1f}" for step in steps))
    print(f"import and compile {len(TYPES)} types: {took:.2f} s; memory added at peak: {peak() - before:.0f} MB")


if __name__ == "__main__":
    main()

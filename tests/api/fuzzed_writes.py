"""Random writes on a few people and their records, so that they meet: merges, deletions, conditions, bundles."""

from random import Random
from typing import Any

import httpx

from tests.api.fuzzed import require_sound
from tests.api.fuzzed_bodies import JSON_PATCH, parameters
from tests.api.records import NATIONAL_ID, bundle, entry, example

OWNED = ("Encounter", "Immunization", "Coverage")


class Writer:
    """Writes at random; two with the same seed and number of people send the same requests."""

    def __init__(self, client: httpx.AsyncClient, seed: int, people: int, stem: str) -> None:
        self.client, self.random, self.people, self.stem = client, Random(seed), people, stem

    async def write(self) -> httpx.Response:
        """Send one write; its answer is none of a fault."""
        make = self.random.choice(
            (
                *(self._person, self._merge, self._own, self._together) * 2,
                *(self._unmerge, self._delete, self._delete_own, self._chosen, self._delete_chosen),
                *(self._if_none, self._patch, self._move, self._label),
            )
        )
        method, address, more = make()
        answer = await self.client.request(method, address, **more)
        require_sound(answer, (method, address, more))
        return answer

    def _id(self) -> str:
        return f"{self.stem}-p{self.random.randrange(self.people)}"

    def _number(self) -> str:
        # Numbers are of the writers together, as people are.
        return f"00119911{sum(map(ord, self.stem)) % 1000:03d}{self.random.randrange(4)}"

    def _mark(self) -> str:
        return f"{self.stem}-{self.random.choice('abc')}"

    def _record(self) -> str:
        return f"{self.stem}-x{self.random.randrange(8)}"

    def _patient(self, **more: Any) -> dict[str, Any]:
        identifiers = []
        if self.random.random() < 0.5:
            identifiers.append({"system": NATIONAL_ID, "value": self._number()})
        if self.random.random() < 0.5:
            identifiers.append({"system": "http://s", "value": self._mark()})
        named = {"identifier": identifiers} if identifiers else {}
        born = self.random.choice(("1990", "1990-05-17", "2020-02-02"))
        return example("Patient", birthDate=born, active=self.random.random() < 0.85) | named | more

    def _owned(self, kind: str, record: str, owner: str) -> dict[str, Any]:
        whole = example(kind, id=record)
        named = {name: {"reference": f"Patient/{owner}"} for name in ("subject", "patient", "beneficiary")}
        return whole | {name: value for name, value in named.items() if name in whole}

    def _person(self) -> tuple[str, str, dict]:
        record = self._id()
        return "PUT", f"/Patient/{record}", {"json": self._patient(id=record)}

    def _pair(self, name: str) -> tuple[str, str, dict]:
        items = (
            {"name": f"{part}-patient", "valueReference": {"reference": f"Patient/{self._id()}"}}
            for part in ("source", "target")
        )
        return "POST", f"/Patient/{name}", {"json": parameters(*items)}

    def _merge(self) -> tuple[str, str, dict]:
        return self._pair("$merge")

    def _unmerge(self) -> tuple[str, str, dict]:
        return self._pair("$unmerge")

    def _delete(self) -> tuple[str, str, dict]:
        return "DELETE", f"/Patient/{self._id()}", {}

    def _own(self) -> tuple[str, str, dict]:
        kind, record = self.random.choice(OWNED), self._record()
        return "PUT", f"/{kind}/{record}", {"json": self._owned(kind, record, self._id())}

    def _delete_own(self) -> tuple[str, str, dict]:
        return "DELETE", f"/{self.random.choice(OWNED)}/{self._record()}", {}

    def _chosen(self) -> tuple[str, str, dict]:
        return "PUT", f"/Patient?identifier={NATIONAL_ID}|{self._number()}", {"json": self._patient()}

    def _delete_chosen(self) -> tuple[str, str, dict]:
        return "DELETE", f"/Patient?identifier=http://s|{self._mark()}", {}

    def _if_none(self) -> tuple[str, str, dict]:
        condition = {"if-none-exist": f"identifier=http://s|{self._mark()}"}
        return "POST", "/Patient", {"json": self._patient(), "headers": condition}

    def _patch(self) -> tuple[str, str, dict]:
        step = {"op": "add", "path": "/gender", "value": self.random.choice(("male", "female", "other"))}
        return "PATCH", f"/Patient/{self._id()}", {"json": [step], "headers": JSON_PATCH}

    def _move(self) -> tuple[str, str, dict]:
        step = {"op": "add", "path": "/subject", "value": {"reference": f"Patient/{self._id()}"}}
        return "PATCH", f"/Encounter?_id={self._record()}", {"json": [step], "headers": JSON_PATCH}

    def _label(self) -> tuple[str, str, dict]:
        meta = {"name": "meta", "valueMeta": {"tag": [{"code": self.random.choice("abcdefgh")}]}}
        name = self.random.choice(("$meta-add", "$meta-delete"))
        return "POST", f"/Patient/{self._id()}/{name}", {"json": parameters(meta)}

    def _together(self) -> tuple[str, str, dict]:
        entries = []
        for number in self.random.sample(range(self.people), min(3, self.people)):
            owner, chance = f"{self.stem}-p{number}", self.random.random()
            if chance < 0.4:
                entries.append(entry("PUT", f"Patient/{owner}", self._patient(id=owner)))
            elif chance < 0.6:
                entries.append(entry("DELETE", f"Patient/{owner}"))
            else:
                kind, record = self.random.choice(OWNED), self._record()
                entries.append(entry("PUT", f"{kind}/{record}", self._owned(kind, record, owner)))
        return "POST", "/", {"json": bundle(*entries, kind=self.random.choice(("batch", "transaction")))}

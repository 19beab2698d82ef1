"""E-book: residents identified by a national number or a card whose health book was opened (QĐ 318/QĐ-TTg, 15.4)."""

import pytest

from tests.spec.conftest import Register
from tests.spec.people import Person

RULES: dict[str, tuple[list[Person], dict[str, str]]] = {
    "a book counts from the day it was opened": (
        [Person(numbers=("căn-cước", "sổ 2025-03-02.."))],
        {"2025-03-01": "0/1", "2025-03-02": "1/1", "2030-01-01": "1/1"},
    ),
    "a book counts to its last day": (
        [Person(numbers=("căn-cước", "sổ 2025-03-02..2025-12-31"))],
        {"2025-12-31": "1/1", "2026-01-01": "0/1"},
    ),
    "a book without a number of the person does not count": ([Person(numbers=("sổ",))], {"2025-03-02": "0/1"}),
    "a number alone is no book": ([Person(numbers=("căn-cước",))], {"2025-03-02": "0/1"}),
    "a number of the station identifies nobody": ([Person(numbers=("trạm", "sổ"))], {"2025-03-02": "0/1"}),
    "a card number on the person identifies": ([Person(numbers=("thẻ", "sổ"))], {"2025-03-02": "1/1"}),
    "a card on record identifies, also after it ended": (
        [Person(numbers=("sổ",), cards=("2024-01-01..2024-12-31",))],
        {"2023-12-31": "1/1", "2024-06-01": "1/1", "2026-01-01": "1/1"},
    ),
    "a card without a number identifies nobody": (
        [Person(numbers=("sổ",), cards=("unnumbered 2024-01-01..",))],
        {"2024-06-01": "0/1"},
    ),
    "a cancelled card identifies nobody": (
        [Person(numbers=("sổ",), cards=("cancelled 2024-01-01..",))],
        {"2024-06-01": "0/1"},
    ),
    "a number whose period ended does not identify after it": (
        [Person(numbers=("căn-cước ..2025-03-02", "sổ"))],
        {"2025-03-02": "1/1", "2025-03-03": "0/1"},
    ),
    "a number that was issued anew leaves no gap": (
        [Person(numbers=("thẻ ..2025-03-02", "căn-cước 2025-03-03..", "sổ"))],
        {"2025-03-02": "1/1", "2025-03-03": "1/1"},
    ),
    "the first finished visit opens a book for good": (
        [Person(numbers=("căn-cước",), visits=("2025-03-02", "2024-06-01"))],
        {"2024-05-31": "0/1", "2024-06-01": "1/1", "2030-01-01": "1/1"},
    ),
    "a dose opens no book": ([Person(numbers=("căn-cước",), doses=("2025-03-02",))], {"2025-03-02": "0/1"}),
    "a visit entered in error or planned opens no book": (
        [Person(numbers=("căn-cước",), visits=("entered-in-error 2025-03-02", "planned 2025-03-02"))],
        {"2025-03-02": "0/1"},
    ),
    "a visit opens the book again after its identifier ended": (
        [Person(numbers=("căn-cước", "sổ 2024-01-01..2024-12-31"), visits=("2025-03-02",))],
        {"2024-12-31": "1/1", "2025-03-01": "0/1", "2025-03-02": "1/1"},
    ),
}


@pytest.mark.parametrize("rule", RULES)
async def test_ebook(register: Register, rule: str) -> None:
    people, expected = RULES[rule]
    await register.put(*people)
    await register.require("e-book", expected)

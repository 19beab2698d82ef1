"""Text as it is compared: without case, accents, đ/Đ and spare blanks, the same for NFC, NFD and either tone placement.

https://hl7.org/fhir/R4/search.html#string
"""

import unicodedata
from functools import lru_cache

# What becomes of a sign after decomposition: those that combine with the one before go (none lies beyond U+FFFF that a
# name would have).
_PLAIN: dict[int, str | None] = {code: None for code in range(0x300, 0x10000) if unicodedata.combining(chr(code))}
_PLAIN |= str.maketrans({"đ": "d", "Đ": "D", "\u2019": "'", "\u02bc": "'"})
# Sounds that regions of Viet Nam do not tell apart, so that a name taken down by ear is found.
_SOUNDS = (("gi", "d"), ("tr", "ch"), ("ph", "f"), ("qu", "w"), ("r", "d"), ("s", "x"), ("y", "i"), ("k", "c"))


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """Return `text` as it is compared: "Hoà  ĐẶNG" and "hòa dang" give the same."""
    bare = unicodedata.normalize("NFKD", text).translate(_PLAIN)
    return " ".join(bare.casefold().split())


@lru_cache(maxsize=16384)
def sound(text: str) -> str:
    """Return how `text` sounds to a Vietnamese ear: "Trí" and "Chí", "Giang" and "Dang" give the same."""
    heard = fold(text)
    for written, spoken in _SOUNDS:
        heard = heard.replace(written, spoken)
    return heard

"""Security labels that set a record apart: HIV and other matters under special protection (Law 91/2025/QH15).

https://terminology.hl7.org/CodeSystem-v3-ActCode.html, https://terminology.hl7.org/CodeSystem-v3-Confidentiality.html
"""

SENSITIVE = ("ETH", "GDIS", "HIV", "MENCAT", "PSY", "SDV", "SEX", "SPI", "STD", "SUD")
"""Codes of v3-ActCode: what a record is about."""
CONFIDENTIAL = ("R", "V")
"""Codes of v3-Confidentiality: restricted, very restricted."""
PROTECTED = tuple(sorted(f" {code.lower()}" for code in (*SENSITIVE, *CONFIDENTIAL)))
"""The labels as the column `security` keeps codes of any system: one that is mistaken protects all the same."""
PROTECTED_SQL = "array[" + ", ".join(f"'{label}'" for label in PROTECTED) + "]::text[]"
"""The same as a constant of SQL, so that an index of such records alone can be found by it."""

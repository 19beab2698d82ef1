"""What is said to one who is not known. It never says which part was wrong where that would help in guessing.

https://www.rfc-editor.org/rfc/rfc6749#section-5.2
"""

from app.errors import Unauthenticated


def no_token() -> Unauthenticated:
    """Return the error of a token that is not, or no longer, valid."""
    return Unauthenticated.of(
        "The access token is missing, not known here, or no longer valid; ask for a new one.",
        "Mã truy cập bị thiếu, không được công nhận hoặc đã hết hiệu lực; hãy xin mã mới.",
        "Authorization",
    )


def not_proven() -> Unauthenticated:
    """Return the error of a program whose assertion does not show who it is."""
    return Unauthenticated.of(
        "The client is not known here, or its assertion is not signed with a key registered for it.",
        "Phần mềm chưa đăng ký, hoặc xác nhận không được ký bằng khóa đã đăng ký.",
        "client_assertion",
    )


def bad_assertion(en: str, vi: str) -> Unauthenticated:
    """Return the error of an assertion that breaks a rule, and what the rule is."""
    return Unauthenticated.of(en, vi, "client_assertion")

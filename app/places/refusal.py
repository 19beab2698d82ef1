"""What a reader is told who asks for a place that is none; never repeats what was asked."""

from app.errors import BadParameter
from app.places.versions import Versions


def not_a_place(versions: Versions, known: list[str], expression: str) -> BadParameter:
    """Make the error for a place that does not exist; `known` are the versions in which its code does."""
    if known:
        forms = [f"@{name}" for name in known]
        return BadParameter.of(
            "No such administrative unit on the boundaries asked for. Its code exists on others: "
            f"write {' or '.join(forms)} after the code.",
            "Không có đơn vị hành chính này theo địa giới được hỏi. Mã này có ở địa giới khác: "
            f"hãy viết {' hoặc '.join(forms)} sau mã.",
            expression,
        )
    names = ", ".join(f"@{version.name}" for version in versions.all)
    return BadParameter.of(
        "No such administrative unit: expected VN, or the digits of a province (2), a district (3, where there are "
        f"any) or a commune (5), with one of {names} after them for boundaries other than those of the day.",
        "Không có đơn vị hành chính này: cần VN, hoặc mã tỉnh (2 chữ số), huyện (3 chữ số, nếu có) hay xã (5 chữ số), "
        f"thêm {names} nếu không theo địa giới của ngày đang xem.",
        expression,
    )

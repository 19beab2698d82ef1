"""Interactions that list: searches of a type, a compartment and the system, histories. https://hl7.org/fhir/R4/http.html#search"""

from app.api.openapi import examples, results
from app.api.openapi.parameters import criteria_of, form
from app.api.openapi.parts import SYSTEM, Context, Item, Place, answer, described, form_body, json_content, sent, shared
from app.api.openapi.results import CHAINS, HISTORY, SEARCH
from app.api.openapi.schemas import ref
from app.api.openapi.waiting import waiting
from app.fhir.resource_type import ResourceType
from app.fhir.search.common import COMMON
from app.fhir.search.described import Bilingual

_SHARED = tuple(parameter.name for parameter in COMMON)
_FORM_ERRORS = ("BadParameter", "TooLarge", "UnsupportedMedia")
_PAGE = Bilingual("A page of matches, and what comes along.", "Một trang kết quả và hồ sơ kèm theo.")
_VERSIONS = Bilingual("A page of versions.", "Một trang phiên bản.")


def responses(kind: ResourceType) -> dict[str, Item]:
    """Return the answers that several operations on a type share, by their names among the components."""
    return {
        f"{kind.name}.page": _bundle(_PAGE, examples.searchset(kind)),
        f"{kind.name}.versions": _bundle(_VERSIONS, examples.history(kind)),
    }


def bodies(context: Context) -> dict[str, Item]:
    """Return the forms of searches by their names among the components: of each type, and of several together."""
    fields = results.fields(context.settings)
    several = {"_type": {"type": "string", "default": ""}, **fields}
    forms = {f"{kind.name}.form": form(kind, fields, context.settings) for kind in context.registry}
    forms[f"{SYSTEM}.form"] = form(None, several, context.settings)
    return {name: form_body(schema, {"_count": 20, "_sort": "-_lastUpdated"}) for name, schema in forms.items()}


def _bundle(says: Bilingual, example: Item) -> Item:
    return answer(says, json_content(ref("Bundle"), bundle=example), "Preference-Applied")


def search(context: Context, place: Place, method: str) -> Item:
    """Describe the search of a type."""
    kind = place.typed
    head = f"search{kind.name}", f"Search {kind.name} · Tìm {kind.title_vi.lower()}", _about(context, kind)
    return _search(context, place, method, head, criteria_of(kind), kind)


def search_compartment(context: Context, place: Place, method: str) -> Item:
    """Describe the search of what belongs to a person: records of one type, or of all."""
    person = place.typed
    known = context.registry[place.name] if place.name != "*" else None
    called = place.name if known else "All"
    what = Bilingual(
        f"{known.name} of one {person.name}" if known else f"everything of one {person.name}",
        f"{known.title_vi.lower()} của một người" if known else "mọi hồ sơ của một người",
    )
    says = Bilingual(f"A search of {what.en}.", f"Tìm {what.vi}.")
    title = f"Search {what.en} · Tìm {what.vi}"
    if known is None:
        head = f"search{person.name}{called}", title, Bilingual(f"{says.en} {_SEVERAL.en}", f"{says.vi} {_SEVERAL.vi}")
        return _search(context, place, method, head, (*_SHARED, "_type.compartment"), person)
    about = _about(context, known)
    head = f"search{person.name}{called}", title, Bilingual(f"{says.en} {about.en}", f"{says.vi} {about.vi}")
    return _search(context, place, method, head, criteria_of(known), known)


def search_system(context: Context, place: Place, method: str) -> Item:
    """Describe the search of the whole system."""
    says = Bilingual(f"Search records of every type. {_SEVERAL.en}", f"Tìm hồ sơ mọi loại. {_SEVERAL.vi}")
    head = "searchSystem", "Search every type · Tìm mọi loại", says
    return _search(context, place, method, head, (*_SHARED, "_type"), context.registry.person)


_SEVERAL = Bilingual(
    "A parameter must be known to each of the types; `_type` chooses among them. Entries stand in one order over all "
    "types.",
    "Tham số phải có ở mọi loại được tìm; `_type` để chọn loại. Kết quả của các loại được xếp chung một thứ tự.",
)
_RULES = Bilingual(
    "Parameters must all hold; a parameter may be repeated; of values separated by commas one must match. "
    "`\\,` `\\|` `\\$` `\\\\` stand for the signs themselves. What identifies a person is better sent as a form, "
    "which leaves no trace in addresses and logs.",
    "Các tham số phải cùng đúng; có thể lặp lại một tham số; các giá trị cách nhau bằng dấu phẩy thì chỉ cần "
    "khớp một. `\\,` `\\|` `\\$` `\\\\` là chính các ký tự đó. Thông tin nhận dạng nên gửi bằng biểu mẫu để không "
    "lưu vết trong địa chỉ và nhật ký.",
)


def _about(context: Context, kind: ResourceType) -> Bilingual:
    """Return what is said of a search: its rules, and chains where the type has references, or is referred to."""
    chain, has = examples.chain(context.registry, kind), examples.reverse(context.registry, kind)
    if not chain or not has:
        only = chain or has
        if not only:
            return _RULES
        shown = Bilingual(f"Through references: `{only}`.", f"Qua tham chiếu: `{only}`.")
    else:
        shown = Bilingual(CHAINS.en.format(chain=chain, has=has), CHAINS.vi.format(chain=chain, has=has))
    return Bilingual(f"{_RULES.en} {shown.en}", f"{_RULES.vi} {shown.vi}")


def _search(
    context: Context,
    place: Place,
    method: str,
    head: tuple[str, str, Bilingual],
    parameters: tuple[str, ...],
    kind: ResourceType,
) -> Item:
    good = {"200": shared(f"{kind.name}.page"), **waiting()}
    name, title, says = head
    if method == "GET":
        errors = ("BadParameter", *_missing(place))
        return described(context, place, head, good, errors, (*parameters, *SEARCH, _PREFER))
    own = None if parameters[-1].startswith("_type") else kind
    body = sent(f"{own.name if own else SYSTEM}.form")
    by_form = f"{name}ByForm", f"{title} · form", _FORM if own else says
    return described(context, place, by_form, good, (*_FORM_ERRORS, *_missing(place)), (_PREFER,), body)


_PREFER = "Prefer.search"
_FORM = Bilingual("The same search, sent as a form.", "Cùng cách tìm, gửi bằng biểu mẫu.")


def _missing(place: Place) -> tuple[str, ...]:
    return ("NotFound",) if place.name else ()


def history(context: Context, place: Place, _method: str) -> Item:
    """Describe the history of a record."""
    says = Bilingual(
        "Every version, the newest first; a deletion is a version without a resource.",
        "Mọi phiên bản, mới nhất trước; lần xóa là một phiên bản không có nội dung.",
    )
    kind = place.typed
    head = (f"history{kind.name}", f"The versions of one {kind.name} · Lịch sử một hồ sơ", says)
    return _history(context, place, head, kind)


def history_type(context: Context, place: Place, _method: str) -> Item:
    """Describe the history of a type."""
    kind = place.typed
    says = Bilingual(
        f"Every version of every {kind.name}. {_FEED.en}", f"Mọi phiên bản của mọi {kind.name}. {_FEED.vi}"
    )
    head = (f"historyOf{kind.name}", f"The versions of all {kind.name} · Lịch sử cả loại", says)
    return _history(context, place, head, kind)


def history_system(context: Context, place: Place, _method: str) -> Item:
    """Describe the history of the system."""
    says = Bilingual(f"Every version of every type. {_FEED.en}", f"Mọi phiên bản của mọi loại. {_FEED.vi}")
    head = ("historySystem", "The versions of everything · Lịch sử toàn hệ thống", says)
    return _history(context, place, head, context.registry.person)


_FEED = Bilingual(
    "The newest first; with `_since` a feed of what has changed.", "Mới nhất trước; có `_since` thì là dòng thay đổi."
)


def _history(context: Context, place: Place, head: tuple[str, str, Bilingual], kind: ResourceType) -> Item:
    errors = ("BadParameter", *(("NotFound",) if "id" in place.given else ()))
    later = "id" not in place.given
    good = {"200": shared(f"{kind.name}.versions"), **(waiting() if later else {})}
    return described(context, place, head, good, errors, (*HISTORY, *(("Prefer.async",) if later else ())))

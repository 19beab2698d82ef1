"""The invariants of the data types, and of the resource types this service takes, as one table.

ext-1, ele-1, the dom-, ref-, sqty- and txt- rules need more than the element itself and stand in walk.py, parts.py,
containment.py, references.py and narrative.py. https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from typing import NamedTuple

from app.fhir.validation import conditions
from app.fhir.validation.conditions import Broken, any_home, either, has, negative, one, without
from app.fhir.validation.finding import Finding


class Rule(NamedTuple):
    """An invariant: its key, when it is broken, and both texts; `place` is below the element that is tested."""

    key: str
    broken: Broken
    en: str
    vi: str
    place: str = ""

    def finding(self) -> Finding:
        """Say that the rule is broken."""
        return Finding(self.key, "invariant", self.en, self.vi, self.place)


_PERIOD = Rule(
    "per-1", conditions.per_1, "The end must not lie before the start.", "Thời điểm kết thúc không được trước bắt đầu."
)
_QTY_3 = Rule("qty-3", without("code", "system"), "A unit code needs its system.", "Mã đơn vị phải có system.")
_WHOLE = "A value needs the code of its unit, in UCUM (http://unitsofmeasure.org)"
_WHOLE_VI = "Giá trị phải có mã đơn vị theo UCUM (http://unitsofmeasure.org)"

INVARIANTS: dict[str, tuple[Rule, ...]] = {
    "Age": (
        _QTY_3,
        Rule("age-1", conditions.age_1, f"{_WHOLE}; an age is above 0.", f"{_WHOLE_VI}; tuổi phải lớn hơn 0."),
    ),
    "Attachment": (
        Rule("att-1", without("data", "contentType"), "Data needs its contentType.", "Dữ liệu phải có contentType."),
    ),
    "Condition": (
        Rule(
            "con-4",
            conditions.con_4,
            "A condition that has abated is inactive, resolved or in remission.",
            "Tình trạng đã hết phải có clinicalStatus là inactive, resolved hoặc remission.",
        ),
        Rule(
            "con-5",
            conditions.con_5,
            "A condition entered in error has no clinicalStatus.",
            "Tình trạng nhập nhầm (entered-in-error) không được có clinicalStatus.",
        ),
    ),
    "ContactPoint": (
        Rule("cpt-2", without("value", "system"), "A value needs its system.", "Giá trị liên lạc phải có system."),
    ),
    "Count": (
        _QTY_3,
        Rule(
            "cnt-3",
            conditions.cnt_3,
            f"{_WHOLE}; a count is whole, in unit 1.",
            f"{_WHOLE_VI}; số đếm là số nguyên, mã là 1.",
        ),
    ),
    "DataRequirement_CodeFilter": (
        Rule("drq-1", one("path", "searchParam"), "Either path or searchParam.", "Chỉ một trong path và searchParam."),
    ),
    "DataRequirement_DateFilter": (
        Rule("drq-2", one("path", "searchParam"), "Either path or searchParam.", "Chỉ một trong path và searchParam."),
    ),
    "Distance": (_QTY_3, Rule("dis-1", conditions.coded, f"{_WHOLE}.", f"{_WHOLE_VI}.")),
    "Duration": (
        _QTY_3,
        Rule(
            "drt-1",
            conditions.drt_1,
            "A code of a duration is UCUM (http://unitsofmeasure.org) and comes with a value.",
            "Mã của khoảng thời gian phải theo UCUM (http://unitsofmeasure.org) và có giá trị.",
        ),
    ),
    "Expression": (
        Rule("exp-1", either("expression", "reference"), "Expression or reference.", "Cần expression hoặc reference."),
    ),
    "Immunization_Education": (
        Rule(
            "imm-1",
            either("documentType", "reference"),
            "Education material needs documentType or reference.",
            "Tài liệu hướng dẫn phải có documentType hoặc reference.",
        ),
    ),
    "Organization": (
        Rule(
            "org-1",
            either("identifier", "name"),
            "An organization has at least a name or an identifier.",
            "Tổ chức phải có ít nhất tên hoặc mã định danh.",
        ),
        Rule(
            "org-2",
            any_home("address"),
            "An address of an organization is never of use home.",
            "Địa chỉ của tổ chức không được có use là home.",
            ".address",
        ),
        Rule(
            "org-3",
            any_home("telecom"),
            "The telecom of an organization is never of use home.",
            "Liên lạc của tổ chức không được có use là home.",
            ".telecom",
        ),
    ),
    "Patient_Contact": (
        Rule(
            "pat-1",
            either("name", "telecom", "address", "organization"),
            "A contact has at least a name, a telecom, an address or an organization.",
            "Người liên hệ phải có ít nhất tên, liên lạc, địa chỉ hoặc tổ chức.",
        ),
    ),
    "Period": (_PERIOD,),
    "Quantity": (_QTY_3,),
    "Range": (Rule("rng-2", conditions.rng_2, "low must not be above high.", "low không được lớn hơn high."),),
    "Ratio": (
        Rule(
            "rat-1",
            conditions.rat_1,
            "A ratio has both numerator and denominator, or neither and an extension.",
            "Tỷ số phải có cả tử số và mẫu số, hoặc không có cả hai và có extension.",
        ),
    ),
    "Timing_Repeat": (
        Rule(
            "tim-1", without("duration", "durationUnit"), "duration needs durationUnit.", "duration cần durationUnit."
        ),
        Rule("tim-2", without("period", "periodUnit"), "period needs periodUnit.", "period cần periodUnit."),
        Rule("tim-4", negative("duration"), "duration is not negative.", "duration không được âm."),
        Rule("tim-5", negative("period"), "period is not negative.", "period không được âm."),
        Rule("tim-6", without("periodMax", "period"), "periodMax needs period.", "periodMax cần period."),
        Rule("tim-7", without("durationMax", "duration"), "durationMax needs duration.", "durationMax cần duration."),
        Rule("tim-8", without("countMax", "count"), "countMax needs count.", "countMax cần count."),
        Rule(
            "tim-9",
            conditions.tim_9,
            "offset needs a when other than C, CM, CD, CV.",
            "offset cần when khác C, CM, CD, CV.",
        ),
        Rule(
            "tim-10",
            lambda tree: has(tree, "timeOfDay") and has(tree, "when"),
            "Either timeOfDay or when.",
            "Chỉ một trong timeOfDay và when.",
        ),
    ),
    "TriggerDefinition": (
        Rule(
            "trd-1",
            lambda tree: "data" in tree and any(name.lstrip("_").startswith("timing") for name in tree),
            "Either timing or data.",
            "Chỉ một trong timing và data.",
        ),
        Rule("trd-2", without("condition", "data"), "condition needs data.", "condition cần data."),
        Rule(
            "trd-3",
            conditions.trd_3,
            "The type needs its name, timing or data.",
            "type cần name, timing hoặc data tương ứng.",
        ),
    ),
}

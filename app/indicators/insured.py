"""Health insurance coverage (tỷ lệ người dân tham gia BHYT): residents with a card in force."""

from datetime import date

from app.indicators.facts import INSURED as IN_FORCE
from app.indicators.indicator import Indicator

INSURED = Indicator(
    code="insured",
    title="Population with social health insurance",
    title_vi="Tỷ lệ người dân tham gia bảo hiểm y tế",
    counted=IN_FORCE,
    version="2022",
    since=date(2022, 3, 8),
    source="QĐ 318/QĐ-TTg 2022, criteria 15.1 and 14.1; QĐ 2373/QĐ-BYT 2022",
    definition="Residents who hold a card of social health insurance in force on the day, of all residents.",
    definition_vi="Người dân cư trú có thẻ bảo hiểm y tế còn hiệu lực trong ngày, trên tổng số người dân cư trú.",
)

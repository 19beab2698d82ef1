"""Managed population (dân số được quản lý sức khỏe): residents with a finished contact in the last 12 months."""

from datetime import date

from app.indicators.facts import SEEN
from app.indicators.indicator import Indicator

MANAGED = Indicator(
    code="managed",
    title="Population under health management",
    title_vi="Tỷ lệ dân số được quản lý sức khỏe",
    counted=SEEN,
    version="2022",
    since=date(2022, 3, 8),
    source="QĐ 318/QĐ-TTg 2022, criterion 14.2; QĐ 2373/QĐ-BYT 2022",
    definition="Residents who had a finished visit or a vaccination in the 12 months up to the day, of all residents.",
    definition_vi="Người dân cư trú có lượt khám đã kết thúc hoặc mũi tiêm chủng trong 12 tháng tính đến ngày báo cáo,"
    " trên tổng số người dân cư trú.",
)

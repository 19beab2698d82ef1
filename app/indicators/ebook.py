"""Electronic health book (sổ khám chữa bệnh điện tử): residents whose book exists."""

from datetime import date

from app.indicators.facts import BOOK, IDENTIFIED
from app.indicators.indicator import Indicator

EBOOK = Indicator(
    code="e-book",
    title="Population with an electronic health book",
    title_vi="Tỷ lệ dân số có sổ khám chữa bệnh điện tử",
    counted=IDENTIFIED & BOOK,
    version="2022",
    since=date(2022, 3, 8),
    source="QĐ 318/QĐ-TTg 2022, criteria 15.4 and 14.4; QĐ 2373/QĐ-BYT 2022",
    definition="Residents identified by a national number or a card whose book was opened: an e-book identifier in"
    " force, or at least one finished visit on record, of all residents.",
    definition_vi="Người dân cư trú có số định danh cá nhân hoặc mã thẻ BHYT và đã mở sổ: mã sổ sức khỏe điện tử còn"
    " hiệu lực, hoặc có ít nhất một lượt khám đã kết thúc, trên tổng số người dân cư trú.",
)

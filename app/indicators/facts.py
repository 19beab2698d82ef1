"""The facts that indicators are made of, each read from columns that records carry."""

from app.indicators.fact import Fact, Reason

SEEN = Fact(
    "seen",
    "had a finished contact in the last 12 months",
    "có khám hoặc tiêm chủng trong 12 tháng qua",
    """
    select patient_id as person_id, daterange(contact_day, (contact_day + interval '12 months')::date) as days
    from encounter where contact_day is not null
    union all
    select patient_id, daterange(contact_day, (contact_day + interval '12 months')::date)
    from immunization where contact_day is not null
    """,
    Reason(
        "never seen",
        "chưa có lần khám hoặc tiêm chủng nào",
        "last seen {first}",
        "lần khám hoặc tiêm chủng gần nhất {first}",
        "a finished visit or a vaccination",
        "một lần khám hoặc tiêm chủng",
    ),
)

INSURED = Fact(
    "insured",
    "holds a social health insurance card in force",
    "có thẻ BHYT còn hạn",
    "select patient_id as person_id, insured_days as days from coverage where insured_days is not null",
    Reason(
        "no card",
        "chưa có thẻ BHYT",
        "card ended {last}",
        "thẻ BHYT hết hạn {last}",
        "a card in force on the day",
        "thẻ BHYT có hiệu lực trong ngày",
    ),
)

IDENTIFIED = Fact(
    "identified",
    "is identified by a national number or a card",
    "có số định danh cá nhân hoặc mã thẻ BHYT",
    """
    select id as person_id, unnest(identified) as days from patient where identified is not null and body is not null
    union all
    select patient_id, daterange(null, null) from coverage
    where insured_days is not null and identifier is not null
    """,
    Reason(
        "no national number and no card",
        "chưa có số định danh cá nhân hoặc mã thẻ BHYT",
        "identifier ended {last}",
        "mã số hết hiệu lực {last}",
        "a national number or a card number",
        "số định danh cá nhân hoặc mã thẻ BHYT",
    ),
)

BOOK = Fact(
    "book",
    "has an electronic health book that was opened",
    "đã có sổ sức khỏe điện tử",
    """
    select id as person_id, unnest(book) as days from patient where book is not null and body is not null
    union all
    select patient_id, daterange(min(contact_day), null) from encounter
    where contact_day is not null group by patient_id
    """,
    Reason(
        "no e-book",
        "chưa có sổ sức khỏe điện tử",
        "e-book ended {last}",
        "sổ sức khỏe điện tử hết hiệu lực {last}",
        "an e-book identifier or a finished visit",
        "mã sổ sức khỏe điện tử hoặc một lượt khám đã kết thúc",
    ),
)

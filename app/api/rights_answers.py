"""The answers of the routes of rights: their shape for the documentation, and how they are filled."""

from datetime import datetime

from asyncpg import Record
from pydantic import BaseModel, Field


class Notice(BaseModel):
    """What those who look after a person are told."""

    id: str
    at: datetime
    kind: str = Field(description="admitted, emergency, moved, restricted.", examples=["admitted"])
    patient: str = Field(
        description="A reference to the person · tham chiếu tới người này.", examples=["Patient/mau-1"]
    )
    holder: str = Field(description="The commune or organisation it is for · địa bàn hoặc cơ sở nhận.")
    by: str = Field(description="The organisation that did it · cơ sở thực hiện.", examples=["Organization/bv-1"])
    read_at: datetime | None


class NoticeList(BaseModel):
    """A page of notices, the newest first; `next` is given back as `after`, null at the end."""

    notices: list[Notice]
    next: str | None


class Emergency(BaseModel):
    """What is asked for in an emergency."""

    patient: str = Field(description="The person · người cần truy cập.", examples=["Patient/mau-1"])
    reason: str = Field(
        description="Why, in words; it is kept and reported · lý do, được lưu và báo cáo.",
        examples=["Cấp cứu, người bệnh hôn mê, cần biết tiền sử dị ứng"],
    )


class Opened(BaseModel):
    """Until when the records are open to the caller."""

    until: datetime


class OpenedEmergency(BaseModel):
    """An emergency as the auditor sees it."""

    id: str
    client: str
    user: str
    organization: str
    patient: str
    reason: str
    at: datetime
    until: datetime


class EmergencyList(BaseModel):
    """The emergencies of a time, the newest first."""

    emergencies: list[OpenedEmergency]


def notice(row: Record) -> Notice:
    """Return a notice as it is answered."""
    return Notice(
        id=row["id"],
        at=row["at"],
        kind=row["kind"],
        patient=f"Patient/{row['patient_id']}",
        holder=row["holder"],
        by=row["by_organization"],
        read_at=row["read_at"],
    )


def opened(row: Record) -> OpenedEmergency:
    """Return an emergency as it is answered."""
    return OpenedEmergency(
        **{name: row[name] for name in ("id", "client", "organization", "reason", "at", "until")},
        user=row["user_id"],
        patient=f"Patient/{row['patient_id']}",
    )

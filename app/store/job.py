"""Jobs: requests that are answered later, and their answers. https://hl7.org/fhir/R4/async.html

A worker that runs a job says so every second; one that falls silent loses it to another. A job speaks of
persons, so it is kept no longer than it is needed: the request until it is answered, the answer until the client
deletes it, or for a day from when it was asked for.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Column, Index, Integer, Table, Text, text
from sqlmodel import SQLModel

from app.store.database import Connection, Reader
from app.store.record import CODE, TIME

KEPT = timedelta(hours=24)
"""How long a job can be asked about."""
SILENT = timedelta(seconds=30)
"""After this time without a word from its worker a job is taken up by another."""

JOB = Table(
    "job",
    SQLModel.metadata,
    Column("id", CODE, primary_key=True),
    Column("caller", CODE, nullable=False),
    Column("asked_at", TIME, nullable=False),
    Column("request", Text()),
    Column("attempts", Integer(), nullable=False),
    Column("worker", CODE),
    Column("begun_at", TIME),
    Column("heard_at", TIME),
    Column("status", Integer()),
    Column("answer", Text()),
    Index("job_asked", "asked_at"),
    Index("job_open", "asked_at", "id", postgresql_where=text("status is null")),
)
"""Each job: who asked and when, the request until it is answered, who runs it since when and was last heard when,
and the status and body of the answer."""


class Job(NamedTuple):
    """A job to be run: its request, and how often it was begun, this time included."""

    id: str
    request: str
    attempts: int


class State(NamedTuple):
    """How a job stands: since when it runs, how many wait before it, and its answer, if it has one."""

    asked_at: datetime
    begun_at: datetime | None
    before: int
    status: int | None
    answer: str | None


async def put(connection: Connection, job_id: str, caller: str, request: str, now: datetime) -> None:
    """Write down a job."""
    await connection.execute(
        "insert into job (id, caller, asked_at, request, attempts) values ($1, $2, $3, $4, 0)",
        job_id,
        caller,
        now,
        request,
    )


async def open_jobs(reader: Reader) -> int:
    """Return how many jobs are not answered yet."""
    return await reader.fetchval("select count(*) from job where status is null")


async def take(connection: Connection, worker: str, now: datetime) -> Job | None:
    """Give the worker the oldest job that nobody runs, None without one."""
    row = await connection.fetchrow(
        "update job set worker = $1, begun_at = $2, heard_at = $2, attempts = attempts + 1 where id ="
        " (select id from job where status is null and (worker is null or heard_at < $3) and asked_at > $4"
        " order by asked_at, id limit 1 for update skip locked) returning id, request, attempts",
        worker,
        now,
        now - SILENT,
        now - KEPT,
    )
    return Job(*row) if row else None


async def hold(connection: Connection, worker: str, ids: Collection[str], now: datetime) -> set[str]:
    """Say that the worker runs these jobs still, and return those that are its own yet: others were deleted or lost."""
    rows = await connection.fetch(
        "update job set heard_at = $3 where id = any($2::text[]) and worker = $1 and status is null returning id",
        worker,
        list(ids),
        now,
    )
    return {row["id"] for row in rows}


async def finish(connection: Connection, worker: str, job_id: str, status: int, answer: str) -> None:
    """Keep the answer to a job in place of its request, unless the job was deleted or lost."""
    await connection.execute(
        "update job set status = $3, answer = $4, request = null where id = $2 and worker = $1 and status is null",
        worker,
        job_id,
        status,
        answer,
    )


async def give_back(connection: Connection, worker: str) -> None:
    """Leave all jobs of a worker that ends to the others, as if they had not been begun."""
    await connection.execute(
        "update job set worker = null, begun_at = null, heard_at = null, attempts = attempts - 1"
        " where worker = $1 and status is null",
        worker,
    )


async def state(reader: Reader, job_id: str, caller: str, now: datetime) -> State | None:
    """Return how a job of this caller stands, None where there is none."""
    row = await reader.fetchrow(
        "select asked_at, begun_at, (select count(*) from job o where o.status is null and o.worker is null"
        " and (o.asked_at, o.id) < (j.asked_at, j.id)) as before, status, answer"
        " from job j where id = $1 and caller = $2 and asked_at > $3",
        job_id,
        caller,
        now - KEPT,
    )
    return State(*row) if row else None


async def remove(connection: Connection, job_id: str, caller: str, now: datetime) -> bool:
    """Delete a job of this caller and return whether there was one; a worker that runs it finds it gone."""
    query = "delete from job where id = $1 and caller = $2 and asked_at > $3 returning true"
    return bool(await connection.fetchval(query, job_id, caller, now - KEPT))


async def sweep(connection: Connection, now: datetime) -> None:
    """Delete the jobs whose time is over."""
    await connection.execute("delete from job where asked_at <= $1", now - KEPT)

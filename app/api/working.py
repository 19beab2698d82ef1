"""What answers the requests that can wait: a few at once, beside others, with connections of their own.

Every worker process does this, and Postgres gives each job to one. Jobs only read, so one whose worker was killed is
begun again by another. https://hl7.org/fhir/R4/async.html
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

from asyncpg import Pool
from fastapi import FastAPI
from uuid_utils import uuid7

from app.access.rule import READER
from app.api.deferred import made_again
from app.api.fhir import respond
from app.api.language import answering
from app.api.outcome import error_response
from app.api.recorded import said_of
from app.audit.trail import Trail
from app.errors import Unavailable
from app.fhir.service import Service
from app.store.job import Job, finish, give_back, hold, sweep, take
from app.store.pool import lend, open_pool

AT_ONCE = 2
"""Jobs that one worker runs at the same time."""
ATTEMPTS = 3
"""How often a job is begun: one that ends its worker, or finds the database away, is not begun for ever."""
LONGEST = 300.0
"""Seconds that a statement of a job may take: those who are not waiting have more time than others."""
PAUSE = 1.0
"""Seconds between two looks for jobs."""
_log = logging.getLogger("tramy")


class Done(NamedTuple):
    """The answer to a job."""

    status: int
    body: str


class Worker:
    """Takes jobs and runs them; `pool` lends the connections on which they read."""

    def __init__(self, app: FastAPI, pool: Pool) -> None:
        self._app, self._pool = app, pool
        self._name = str(uuid7())
        self._running: dict[str, asyncio.Task[None]] = {}

    @property
    def _service(self) -> Service:
        return self._app.state.service

    async def work(self) -> None:
        """Look for jobs until cancelled."""
        while True:
            try:
                await self._turn()
            except (
                Exception
            ) as error:  # whatever it was, a database that is away or a fault of ours: jobs go on after it
                _log.warning("jobs wait: %s", type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def stop(self) -> None:
        """Give up what is running and leave it to others at once."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Without a database they are found silent.
        with suppress(Exception):
            async with lend(self._service.writing) as connection:
                await give_back(connection, self._name)

    async def _turn(self) -> None:
        now = self._service.clock()
        async with lend(self._service.writing) as connection:
            if self._running:
                held = await hold(connection, self._name, self._running, now)
                for job_id in self._running.keys() - held:
                    self._running[job_id].cancel()
            await sweep(connection, now)
            while len(self._running) < AT_ONCE and (job := await take(connection, self._name, now)):
                self._running[job.id] = asyncio.create_task(self._run(job))

    async def _run(self, job: Job) -> None:
        """Answer a job and keep the answer; a job that is left as it is will be found silent and begun again."""
        try:
            done = await self._answer(job)
            if done.status != Unavailable.status or job.attempts >= ATTEMPTS:
                async with lend(self._service.writing) as connection:
                    await finish(connection, self._name, job.id, *done)
        except Exception as error:  # one job that fails must not keep the others from being run
            _log.warning("a job is begun again later: %s", type(error).__name__)
        finally:
            del self._running[job.id]

    async def _answer(self, job: Job) -> Done:
        if job.attempts > ATTEMPTS:
            response = error_response(_given_up())
        else:
            service = replace(self._service, reading=self._pool)
            request, caller = made_again(job.request, SimpleNamespace(state=SimpleNamespace(service=service)))
            trail = request.scope["trail"] = Trail(said_of(request.scope, service.clock()))
            trail.named(client=caller.client, user=caller.user, organization=caller.organization)
            with answering(request.scope):
                response = await respond(request, caller)
            await self._app.state.recorder.record(trail.rest(response.status_code))
        return Done(response.status_code, bytes(response.body).decode())


@asynccontextmanager
async def working(app: FastAPI, url: str) -> AsyncIterator[None]:
    """Run jobs for as long as this is entered.

    `app.state.service` must be open. Raises Unavailable when the database cannot be reached.
    """
    pool = await open_pool(url, size=AT_ONCE, statement_timeout=LONGEST, role=READER)
    worker = Worker(app, pool)
    task = asyncio.create_task(worker.work())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await worker.stop()
        await pool.close()


def _given_up() -> Unavailable:
    return Unavailable.of(
        f"The request was begun {ATTEMPTS} times and never came to an end; ask for less, or in parts.",
        f"Yêu cầu đã được bắt đầu {ATTEMPTS} lần nhưng chưa lần nào xong; hãy thu hẹp hoặc chia nhỏ yêu cầu.",
    )

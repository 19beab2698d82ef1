"""An audit of many transactions and seals, some of which ended only after others that began later."""

import random
from datetime import timedelta

import asyncpg

from app.audit.seal import Seal
from app.audit.sealing import seal
from app.audit.writing import write
from tests.audit.conftest import NOW, event


async def sealed(url: str, connection: asyncpg.Connection, epoch: int, seals: int, seed: int = 1) -> list[Seal]:
    """Fill a database and return its seals: each but the first may cover what was under way before."""
    draw, made, number = random.Random(seed), [], 0
    others = [await asyncpg.connect(url) for _ in range(3)]
    open_ones: dict[asyncpg.Connection, asyncpg.transaction.Transaction] = {}
    for turn in range(seals):
        for _ in range(draw.randrange(1, 8)):
            writer = draw.choice([connection, connection, *others])
            if writer is not connection and writer not in open_ones:
                open_ones[writer] = writer.transaction()
                await open_ones[writer].start()
            events = [event(number + index) for index in range(draw.choice([1, 1, 1, 2, 9]))]
            number += len(events)
            await write(writer, events, epoch)
            if writer in open_ones and draw.random() < 0.3:
                await (open_ones.pop(writer).commit if draw.random() < 0.8 else open_ones.pop(writer).rollback)()
        if turn == seals - 1:
            for transaction in open_ones.values():
                await transaction.commit()
        if one := await seal(connection, epoch, NOW + timedelta(seconds=turn)):
            made.append(one)
    for other in others:
        await other.close()
    return made

"""The moment of a statement, asked for by the statement itself: what it answers is what was known at that moment."""

from asyncpg import Record

from app.store.moment import Moment, from_snapshot

TAKEN = "pg_current_snapshot()::text as snapshot, pg_current_xact_id_if_assigned()::text as own"
"""Columns for the select list of a statement whose moment is wanted: the snapshot it runs with and, inside a
transaction that has written, the number of that transaction, whose rows the statement sees too."""


def moment_of(row: Record, epoch: int) -> Moment:
    """Return the moment of the statement that gave this row; `epoch` is the shifted epoch."""
    moment = from_snapshot(row["snapshot"], epoch)
    own = epoch + int(row["own"]) if row["own"] else 0
    if own < moment.high:
        return moment
    # Whatever began between the end of the snapshot and this transaction was under way, since none of it had ended.
    return moment._replace(high=own + 1, running=(*moment.running, *range(moment.high, own)))

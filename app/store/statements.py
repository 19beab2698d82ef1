"""The statements that write one version of a record, made once from the tables of its type."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.store.reach import KEPT_UNDER, adding
from app.store.record import Tables


@dataclass(frozen=True)
class Statements:
    """An insert of a first version, and an update that moves the old version into the past.

    Both write the words of the prefix indexes too, and those by whom the person is seen. Their values are the
    `columns` in order, then a list of words for each of `prefixes`, then the holders, then the epoch of
    transaction numbers.
    """

    columns: tuple[str, ...]
    prefixes: tuple[str, ...]
    insert: str
    update: str

    def values(
        self, row: Mapping[str, Any], words: Mapping[str, Sequence[str]], reach: Sequence[str], epoch: int
    ) -> tuple[Any, ...]:
        """Return the arguments of either statement for a row, its words and its holders."""
        listed = (words.get(name, ()) for name in self.prefixes)
        return (*(row.get(name) for name in self.columns), *listed, reach, epoch)


@lru_cache(maxsize=256)
def first(tables: Tables, keep: str, audit: Callable[[int, str], str] | None = None) -> str:
    """Return one statement that writes a first version and keeps what is derived, as if the row had been there.

    Values: $1 and $2 those of `keep` (a statement that begins with `with`, or ""), then those of an insert
    without the epoch, then systems and values to be claimed, then those of `audit`, which is given the number of its
    first value and the place of the epoch. All statements of one `with` see the rows from
    before it; so the name of the table stands here for the table and the new row together.
    """
    columns = _columns(tables)
    places = [f"${index + 3}" for index in range(len(columns) + len(tables.prefixes) + 3)]
    row, lists, reach, claims = places[: len(columns)], places[len(columns) : -3], places[-3], places[-2:]
    named = dict(zip(columns, row, strict=True))
    record, name = named["id"], tables.current.name
    listed = ", ".join(f'"{column}"' for column in columns)
    epoch = "$2::bigint + pg_current_xact_id()::text::bigint"
    claim = f"select c.system, c.value, {record} from unnest({claims[0]}::text[], {claims[1]}::text[]) c(system, value)"
    insert = f"insert into {name} ({listed}, tx) values ({', '.join(row)}, {epoch}) returning *"
    words = {column: f"{place}::text[]" for column, place in zip(tables.prefixes, lists, strict=True)}
    steps = [
        f"claimed as (insert into claim (system, value, holder) {claim})",
        f"inserted as ({insert})",
        f"reached as ({adding(_person(tables, named), reach)})",
        *(f"words{index} as ({step})" for index, step in enumerate(_words(tables, named, words)[0])),
    ]
    if audit:
        steps.append(f"audited as ({audit(len(places) + 3, '$2')})")
    both = f"{name} as not materialized (select * from {name} union all select * from inserted)"
    last = f", {both}, {keep.strip().removeprefix('with ')}" if keep else " select where $1::text[] is null"
    return f"with {', '.join(steps)}{last}"


@lru_cache(maxsize=256)
def of(tables: Tables) -> Statements:
    """Return the statements of a type's tables."""
    columns = _columns(tables)
    places = {name: f"${index + 1}" for index, name in enumerate(columns)}
    words = {name: f"${len(columns) + index + 1}::text[]" for index, name in enumerate(tables.prefixes)}
    tx = f"${len(places) + len(words) + 2}::bigint + pg_current_xact_id()::text::bigint"
    reach = adding(_person(tables, places), f"${len(places) + len(words) + 1}")
    listed = ", ".join(f'"{column}"' for column in columns)
    name, past = tables.current.name, tables.past.name
    insert = f"insert into {name} ({listed}, tx) values ({', '.join(places[column] for column in columns)}, {tx})"
    changes = ", ".join(f'"{column}" = {places[column]}' for column in columns if column != "id")
    key = f"id = {places['id']}"
    held = "".join(f', "{column}"' for column in tables.own)
    moved = (
        f"insert into {past} ({listed}{held}, tx, until_tx, until_at)"
        f" select {listed}{held}, tx, {tx}, {places['updated_at']} from {name} where {key}"
    )
    update = f"update {name} set {changes}, tx = {tx} where {key}"
    first, later = _words(tables, places, words)
    made = _with([reach, *first], insert), _with([reach, moved, *later], update)
    return Statements(columns, tuple(tables.prefixes), *made)


def _person(tables: Tables, places: Mapping[str, str]) -> str:
    """Return whose row of reach it is: the person, or the record itself where it can belong to nobody."""
    if tables.owned:
        return f"{places['patient_id']}::text"
    return f"{places['id']}::text" if tables.persons else f"'{KEPT_UNDER.format(tables.name)}' || {places['id']}::text"


def _columns(tables: Tables) -> tuple[str, ...]:
    """Return the columns that a version fills: not those that are the service's own."""
    return tuple(column.name for column in tables.current.columns if column.name not in ("tx", *tables.own))


def _words(tables: Tables, places: Mapping[str, str], words: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return what writes the words of a first version, and of a later one; both mappings give placeholders."""
    first, later, record = [], [], places["id"]
    for column, table in tables.prefixes.items():
        beside = tables.beside.get(column)
        listed, value = (f', "{beside}"', f", {places[beside]}::timestamptz") if beside else ("", "")
        # Each word names the one before it: the arrays are sorted by bytes, as the column is.
        add = (
            f"insert into {table.name} (id, fold, prior{listed})"
            f" select {record}, word, lag(word) over (order by place){value}"
            f" from unnest({words[column]}) with ordinality w(word, place)"
        )
        first.append(add)
        later.append(f"delete from {table.name} where id = {record} and fold <> all({words[column]})")
        kept = f', "{beside}" = excluded."{beside}"' if beside else ""
        later.append(f"{add} on conflict (id, fold) do update set prior = excluded.prior{kept}")
    return first, later


def _with(steps: Sequence[str], last: str) -> str:
    """Return one statement of several: all see the same rows, so none depends on another."""
    listed = ", ".join(f"step{index} as ({step})" for index, step in enumerate(steps))
    return f"with {listed} {last}" if listed else last

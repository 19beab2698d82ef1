"""The rule of what a caller sees, written once, as views of every table of records (docs/decisions/0020).

A caller sees a person through the table of reach: the communes where the person lives or lived, the organisations
that treated the person. What belongs to a person is seen with the person, in current and past versions and in the
tables of words alike. Records with a label of special protection, and those of a protected person, are seen with a
permission of their own; those of a person whose processing is restricted by nobody.

There is a schema of views for each way of seeing. A reading connection has a role that may read the views and not
the tables behind them, so that what forgets the rule finds nothing. The views are plain ones, not barriers: the
planner looks through them and uses every index (FOUNDATIONS: a barrier costs sixty times as much).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from app.access.caller import Caller
from app.access.rights.restriction import HIDES
from app.store.labels import PROTECTED_SQL
from app.store.record import Tables

READER, WRITER = "tramy_reader", "tramy_writer"
"""The roles under which the service reads and writes; neither owns a table."""
SERVICE = "tramy_service"
"""Who signs in to the database for the service: may be both, and owns nothing either."""
_HOLDERS = "string_to_array(current_setting('tramy.holders', true), ' ')"
_TYPES = "current_setting('tramy.types', true)"


class Way(NamedTuple):
    """A way of seeing: everyone or those that the caller reaches, with protected records or without."""

    everyone: bool
    protected: bool

    @property
    def schema(self) -> str:
        """The schema that holds its views."""
        return f"seen_{'every' if self.everyone else 'some'}{'_all' if self.protected else ''}"


class Sight(NamedTuple):
    """What a connection is told before it reads for a caller: the schema, the holders, the types."""

    schema: str
    holders: str
    types: str

    def settings(self) -> str:
        """Return the statement that tells a connection, with the three values as parameters."""
        return (
            "select set_config('search_path', $1 || ', public', $4), set_config('tramy.holders', $2, $4),"
            " set_config('tramy.types', $3, $4)"
        )


WAYS = tuple(Way(everyone, protected) for everyone in (True, False) for protected in (True, False))
NOTHING = Sight(Way(False, False).schema, "", "")
"""What a connection sees that was told nothing."""


def sight_of(caller: Caller, types: Iterable[str]) -> Sight:
    """Return what a caller sees of these types, of which the granted ones are shown."""
    if caller.memo:
        return caller.memo[0]
    way = Way(caller.everyone, caller.may("tramy/protected"))
    granted = [name for name in types if caller.grants.allows(name, "r") or caller.grants.allows(name, "s")]
    holders = "" if caller.everyone else " ".join(caller.holders)
    sight = Sight(way.schema, holders, f" {' '.join(granted)} " if granted else "")
    caller.memo.append(sight)
    return sight


def statements(tables: Iterable[tuple[str, Tables]]) -> Iterator[str]:
    """Yield what makes the roles and the views for types, each with its name and tables; run by the owner."""
    every = list(tables)
    title, person = next(pair for pair in every if pair[1].persons)
    yield from _roles()
    for way in WAYS:
        yield f"create schema {way.schema}"
        for name, item in every:
            for table, key in _tables(item):
                yield (
                    f"create view {way.schema}.{table} as select r.* from public.{table} r"
                    f" where {' and '.join(_conditions(name, item, person, table, key, way))}"
                )
        for table, key in _SAYING:
            yield _of_people(table, key, title, person, way)
        yield f"grant usage on schema {way.schema} to {READER}, {WRITER}"
        yield f"grant select on all tables in schema {way.schema} to {READER}, {WRITER}"


def as_service(url: str) -> str:
    """Return the address of the embedded database for the service, which signs in as itself and not as the owner."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{SERVICE}@{parts.netloc.rpartition('@')[2]}"))


def forgetting() -> list[str]:
    """Return what removes the views, so that the tables behind them may change."""
    return [f"drop schema if exists {way.schema} cascade" for way in WAYS]


def _tables(item: Tables) -> Iterator[tuple[str, str]]:
    """Yield the tables of a type, each with the column that names its person, "" where it has none."""
    key = "patient_id" if item.owned else "id" if item.persons else ""
    yield item.name, key
    yield item.past.name, key
    for words in item.prefixes.values():
        yield words.name, "id" if item.persons else ""


def _conditions(name: str, item: Tables, person: Tables, table: str, key: str, way: Way) -> Iterator[str]:
    yield f"strpos({_TYPES}, ' {name} ') > 0"
    if item.owned and not key:
        # Words do not name the person; they are seen with their record.
        yield f"exists (select from {way.schema}.{item.name} o where o.id = r.id)"
        return
    if key and not way.everyone:
        yield _reached(f"r.{key}")
    if key:
        yield _unrestricted(f"r.{key}")
    if way.protected:
        return
    yield _unlabelled(item, "id")
    if item.owned:
        yield _unlabelled(person, "patient_id")
    if table == item.past.name:
        # A label that was taken off later was meant for this version.
        yield f"(r.security && {PROTECTED_SQL}) is not true"
    if table in (item.name, item.past.name):
        dead = [_unlabelled_once(item, "id"), *([_unlabelled_once(person, "patient_id")] if item.owned else [])]
        # Of what is alive the labels are looked up above; words are of the living alone.
        yield f"(r.body is not null or {' and '.join(dead)})" if table == item.name else " and ".join(dead)


def _unlabelled(item: Tables, column: str) -> str:
    """Return the condition that the record which a column names has no label of special protection."""
    return f"not exists (select from public.{item.name} s where s.id = r.{column} and s.security && {PROTECTED_SQL})"


def _unlabelled_once(item: Tables, column: str) -> str:
    """Return the condition that the record is not a deleted one which had such a label: a deletion has none itself."""
    return (
        f"not exists (select from public.{item.name} s join public.{item.past.name} p on p.id = s.id"
        f" where s.id = r.{column} and s.body is null and p.security && {PROTECTED_SQL})"
    )


def _reached(person: str) -> str:
    return (
        f"exists (select from public.reach a where a.patient_id = {person} and a.holder = any({_HOLDERS})"
        " and a.until > now())"
    )


def _unrestricted(person: str) -> str:
    return f"not exists (select from public.restriction x where x.patient_id = {person} and {HIDES})"


def _of_people(table: str, key: str, name: str, person: Tables, way: Way) -> str:
    """Return the view of a table that says something of people, named by a column."""
    tests = [f"strpos({_TYPES}, ' {name} ') > 0"]
    tests += [] if way.everyone else [_reached(f"r.{key}")]
    tests.append(_unrestricted(f"r.{key}"))
    if not way.protected:
        shielded = f"s.id = r.{key} and s.security && {PROTECTED_SQL}"
        tests.append(f"not exists (select from public.{person.name} s where {shielded})")
    return f"create view {way.schema}.{table} as select r.* from public.{table} r where {' and '.join(tests)}"


_SAYING = (("span", "person_id"), ("claim", "holder"))
"""Tables that say something of people beside their records, each with the column that names the person."""
_OPEN = ("alembic_version", "epoch", "moment", "series", "unit_area", "rollup_horizon", "indexed")
"""Tables that say nothing of anybody."""


def _roles() -> Iterator[str]:
    for role in (READER, WRITER):
        yield (
            f"do $$ begin if not exists (select from pg_roles where rolname = '{role}') then create role {role};"
            f" end if; exception when duplicate_object or unique_violation then null; end $$"
        )
        yield f"grant {role} to current_user"
        yield f"grant usage on schema public to {role}"
    yield (
        f"do $$ begin if not exists (select from pg_roles where rolname = '{SERVICE}') then"
        f" create role {SERVICE} login; end if; exception when duplicate_object or unique_violation then null; end $$"
    )
    yield f"grant {READER}, {WRITER} to {SERVICE}"
    yield f"revoke all on all tables in schema public from {READER}"
    yield f"grant select on {', '.join(_OPEN)} to {READER}"
    yield f"grant select, insert, update, delete on all tables in schema public to {WRITER}"
    yield f"grant usage on all sequences in schema public to {WRITER}"
    yield from _only_added(("audit", "audit_seal", "audit_retired"))


def _only_added(tables: Iterable[str]) -> Iterator[str]:
    """Yield what lets the service add rows to these tables and change none, nor the tables of their months."""
    for table in tables:
        yield f"revoke update, delete, truncate on {table} from {WRITER}"
        yield (
            "do $$ declare month regclass; begin for month in select inhrelid::regclass from pg_inherits"
            f" where inhparent = '{table}'::regclass loop"
            f" execute format('revoke all on %s from {WRITER}', month); end loop; end $$"
        )
    yield "revoke execute on function audit_month(date), audit_months(integer) from public"
    yield f"grant execute on function audit_months(integer) to {WRITER}"

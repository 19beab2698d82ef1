"""The tables that hold records: for each type one of current versions, one of past ones.

A current row is the newest version, also when that is a deletion (its body is null). A past row is the
same with the transaction and time that replaced it. `tx` is the transaction that wrote the version
(moment.py); `body` is the exact JSON that is served. `patient_id` leads the key of what belongs to a
person, '' where a record that may belong to one does not.

Several records may be of one human. Those of persons have two columns that no body fills and no update touches:
`merged_into` is the record that one was merged into, `person_id` the record that stands for all of them, its own
id in that record itself; both are null in a record that is alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ARRAY, BigInteger, Index, Integer, Table, Text, text
from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

from app.store.labels import PROTECTED_SQL


@dataclass(frozen=True)
class Column:
    """One column that is taken out of a body: its name, its SQL type, the kind of index that serves it.

    `beside` is a column that an index in order, or the rows of words, carry along.
    """

    name: str
    sql_type: TypeEngine
    index: Literal["", "btree", "gin", "prefix"] = ""
    beside: str = ""


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of one type: current versions, past versions, and one of words for each prefix index.

    `persons` marks the type whose records are the persons. `own` are the columns that are the service's and not taken
    from bodies: a new version leaves them as they are.
    `beside` names, for a column with words, the time that their rows carry along.
    """

    current: Table
    past: Table
    prefixes: dict[str, Table]
    owned: bool
    own: tuple[str, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    persons: bool = False

    @property
    def name(self) -> str:
        """The current table's name."""
        return self.current.name


CODE = Text(collation="C")
TIME = TIMESTAMP(timezone=True)
OF_PERSONS = (Column("person_id", CODE), Column("merged_into", CODE))


def declare(name: str, columns: Sequence[Column], *, owned: bool, persons: bool = False) -> Tables:
    """Declare the tables of a type with SQLModel, so that migrations are made from them.

    `owned` is a type whose records belong to a person, `persons` the one whose records are the persons.
    """
    own = OF_PERSONS if persons else ()
    current = _model(name, [*_head(owned), *_plain([*columns, *own])], _indexes(name, columns, owned, persons))
    past_columns = [
        *_head(owned, past=True),
        *_plain([*columns, *own]),
        _column("until_tx", BigInteger(), nullable=False),
        _column("until_at", TIME, nullable=False),
    ]
    past_indexes = [
        *([Index(f"{name}_history_id", "id", "version")] if owned else []),
        Index(f"{name}_history_updated", "updated_at", "id"),
        # What has changed since a moment is found by this, so that pages at that moment cost no more than others.
        Index(f"{name}_history_until", "until_tx"),
    ]
    past = _model(f"{name}_history", past_columns, past_indexes)
    worded = [column for column in columns if column.index == "prefix"]
    prefixes = {column.name: _prefix(name, column) for column in worded}
    beside = {column.name: column.beside for column in worded if column.beside}
    return Tables(current, past, prefixes, owned, tuple(column.name for column in own), beside, persons)


def _head(owned: bool, *, past: bool = False) -> list[SqlColumn]:
    return [
        *([_column("patient_id", CODE, primary_key=True)] if owned else []),
        _column("id", CODE, primary_key=True),
        _column("version", Integer(), primary_key=past, nullable=False),
        _column("tx", BigInteger(), nullable=False),
        _column("updated_at", TIME, nullable=False),
        _column("body", Text()),
        _column("profile", ARRAY(CODE)),
        _column("security", ARRAY(CODE)),
        _column("tag", ARRAY(CODE)),
        _column("source", ARRAY(CODE)),
    ]


def _column(name: str, sql_type: TypeEngine, *, primary_key: bool = False, nullable: bool = True) -> SqlColumn:
    return SqlColumn(
        name, sql_type, primary_key=primary_key, nullable=nullable and not primary_key, autoincrement=False
    )


def _plain(columns: Iterable[Column]) -> list[SqlColumn]:
    return [_column(column.name, column.sql_type) for column in columns]


def _indexes(name: str, columns: Iterable[Column], owned: bool, persons: bool) -> list[Index]:
    indexes = [Index(f"{name}_id", "id", unique=True)] if owned else []
    if persons:
        indexes.append(Index(f"{name}_person", "person_id", "id", postgresql_where=text("person_id is not null")))
    indexes.append(Index(f"{name}_updated", "updated_at", "id"))
    # Protected records are few: whoever may not see them has them left out by this.
    indexes.append(Index(f"{name}_shielded", "id", postgresql_where=text(f"security && {PROTECTED_SQL}")))
    for column in columns:
        if column.index == "btree":
            indexes.append(_ordered(name, column))
        elif column.index == "gin":
            # Without its pending list an index answers evenly, whatever was written just before.
            options = {"fastupdate": "off"}
            indexes.append(Index(f"{name}_{column.name}", column.name, postgresql_using="gin", postgresql_with=options))
    return indexes


def _ordered(name: str, column: Column) -> Index:
    """Declare an index of live records in the order of a column, which answers counts without the records."""
    options: dict[str, Any] = {"postgresql_where": text("body is not null")}
    if column.beside:
        options["postgresql_include"] = [column.beside]
    return Index(f"{name}_{column.name}", column.name, "id", **options)


def _prefix(name: str, column: Column) -> Table:
    """Declare a table of words: the record, a word, the record's word before it in the order of bytes.

    With `column.beside` also that time of the record, so that matches are put in its order without the records.
    """
    table = f"{name}_{column.name}_prefix"
    beside = [_column(column.beside, TIME)] if column.beside else []
    columns = [_column("id", CODE, primary_key=True), _column("fold", CODE, primary_key=True), _column("prior", CODE)]
    carried = ["prior", *(item.name for item in beside)]
    return _model(table, [*columns, *beside], [Index(f"{table}_fold", "fold", "id", postgresql_include=carried)])


def _model(name: str, columns: Iterable[SqlColumn], indexes: Iterable[Index]) -> Table:
    """Make a SQLModel table class and return its table."""
    fields: dict[str, Any] = {"__tablename__": name, "__module__": __name__, "__annotations__": {}}
    for column in columns:
        fields["__annotations__"][column.name] = Any
        fields[column.name] = Field(sa_column=column)
    fields["__table_args__"] = tuple(indexes)
    title = "".join(part.title() for part in name.split("_"))
    type(SQLModel)(title, (SQLModel,), fields, table=True)
    return SQLModel.metadata.tables[name]

"""The tables that hold records: for each type one of current versions, one of past ones.

A current row is the newest version, also when that is a deletion (its body is null). A past row is the
same with the transaction and time that replaced it. `tx` is the transaction that wrote the version
(moment.py); `body` is the exact JSON that is served. `patient_id` leads the key of what belongs to a
person, '' where a record that may belong to one does not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ARRAY, BigInteger, Index, Integer, Table, Text
from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel


@dataclass(frozen=True)
class Column:
    """One column that is taken out of a body: its name, its SQL type, the kind of index that serves it."""

    name: str
    sql_type: TypeEngine
    index: Literal["", "btree", "gin", "prefix"] = ""


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of one type: current versions, past versions, and one of words for each prefix index."""

    current: Table
    past: Table
    prefixes: dict[str, Table]
    owned: bool

    @property
    def name(self) -> str:
        """The current table's name."""
        return self.current.name


CODE = Text(collation="C")
TIME = TIMESTAMP(timezone=True)


def declare(name: str, columns: Sequence[Column], *, owned: bool) -> Tables:
    """Declare the tables of a type with SQLModel, so that migrations are made from them."""
    current = _model(name, [*_head(owned), *_plain(columns)], _indexes(name, columns, owned))
    past_columns = [
        *_head(owned, past=True),
        *_plain(columns),
        _column("until_tx", BigInteger(), nullable=False),
        _column("until_at", TIME, nullable=False),
    ]
    past = _model(f"{name}_history", past_columns, [Index(f"{name}_history_id", "id", "version")] if owned else [])
    prefixes = {column.name: _prefix(name, column.name) for column in columns if column.index == "prefix"}
    return Tables(current, past, prefixes, owned)


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


def _indexes(name: str, columns: Iterable[Column], owned: bool) -> list[Index]:
    indexes = [Index(f"{name}_id", "id", unique=True)] if owned else []
    for column in columns:
        if column.index == "btree":
            indexes.append(Index(f"{name}_{column.name}", column.name, "id"))
        elif column.index == "gin":
            # Without its pending list an index answers evenly, whatever was written just before.
            options = {"fastupdate": "off"}
            indexes.append(Index(f"{name}_{column.name}", column.name, postgresql_using="gin", postgresql_with=options))
    return indexes


def _prefix(name: str, column: str) -> Table:
    table = f"{name}_{column}_prefix"
    columns = [_column("id", CODE, primary_key=True), _column("fold", CODE, primary_key=True)]
    return _model(table, columns, [Index(f"{table}_fold", "fold", "id")])


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

"""What is kept of one person in every table, and their name out of all of it.

The ledger knows people by an id. Taking a name out is the one thing that rewrites it: id,
name and sign-in give way to a pseudonym, whole words at a time. Nothing else of an event
changes: not its number, its day, its function, its numbers or what it did to demand. So
everything that is folded from it is the same, under another name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from data.quoting import Sql, identifier, listed, sql
from data.store import Store
from data.tables import TABLES, Kind
from forecasting.errors import StorageFailed

OF_ONESELF = ("draft", "seen", "word_wish", "letter")
"""Tables of what somebody keeps for themselves: it goes with their name."""
IDENTITIES = frozenset(
    {c.name for t in TABLES.values() for c in t.columns if c.kind is Kind.ID}
    | {"token", "digest", "product", "location", "client_id", "kind", "state", "function"}
)
"""What holds names of things, by which they are found again: no words."""
_PERSON = ("person", "owner")
"""Under these a text may be an id of somebody."""
_FILES_WORDS = ("owner",)
"""Columns of imported tables that name people; what else stands in files is the company's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """Somebody, and what they are called from now on."""

    person: str
    """The id that goes."""
    names: tuple[str, ...]
    """What else is known of them, and goes: names, and how they signed in."""
    called: tuple[str, ...]
    """What stands behind an @ for them, beside that."""
    new_person: str
    new_name: str

    def words(self) -> Callable[[str], str]:
        """What takes them out of a text, whole words at a time."""
        known = sorted({*self.names, *self._of_id}, key=len, reverse=True)
        parts = [rf"(?<![\w@]){re.escape(name)}(?!\w)" for name in known if name]
        at = sorted({*self.called, *self.names, self.person}, key=len, reverse=True)
        parts += [rf"(?<![\w.@])@{re.escape(name)}(?!\w)" for name in at if name]
        pattern = re.compile("|".join(parts), re.IGNORECASE if self._is_safe else 0)

        def taken_out(text: str) -> str:
            return pattern.sub(
                lambda found: f"{'@' if found[0].startswith('@') else ''}{self.new_name}", text
            )

        return taken_out

    @property
    def _of_id(self) -> tuple[str, ...]:
        """The id where it is an address: no other word is written so."""
        return (self.person,) if "@" in self.person else ()

    @property
    def _is_safe(self) -> bool:
        """Whether no name is a word of the language, which it could be in small letters."""
        return all(" " in name or "@" in name for name in self.names)


def kept_of(store: Store, person: str) -> dict[str, pd.DataFrame]:
    """Rows of somebody in every table but the ledger, by table."""
    found = {}
    with store.cursor() as cursor:
        for table, columns in _texts(cursor).items():
            if "person" in columns and table != "event":
                statement = sql(
                    "select * from {table} where person = ?", table=identifier(table)
                )
                found[table] = cursor.execute(statement, [person]).df()
    return found


def take_out(cursor: duckdb.DuckDBPyConnection, who: Renamed) -> None:
    """Put the pseudonym in the place of somebody, within a transaction that is open."""
    words = who.words()
    _ledger(cursor, who, words)
    for table, columns in _texts(cursor).items():
        if table == "event":
            continue
        if table in OF_ONESELF:
            statement = sql("delete from {table} where person = ?", table=identifier(table))
            cursor.execute(statement, [who.person])
        wanted = (
            _FILES_WORDS if table in TABLES else [c for c in columns if c not in IDENTITIES]
        )
        for column in (c for c in wanted if c in columns):
            _column(cursor, table, column, who, words)


def settle(store: Store) -> None:
    """Write what the write-ahead log holds into the file, where nobody is in the way."""
    with suppress(duckdb.Error, StorageFailed), store.cursor() as cursor:
        cursor.execute("checkpoint")


def _texts(cursor: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Columns of text of every table."""
    found: dict[str, list[str]] = {}
    for table, column in cursor.execute(
        "select c.table_name, c.column_name from duckdb_columns() c join duckdb_tables() t "
        "on t.table_oid = c.table_oid and t.database_oid = c.database_oid "
        "where not c.internal and not t.temporary and c.data_type = 'VARCHAR' "
        "and c.database_name = current_database() order by all"
    ).fetchall():
        found.setdefault(str(table), []).append(str(column))
    return found


def _column(
    cursor: duckdb.DuckDBPyConnection,
    table: str,
    column: str,
    who: Renamed,
    words: Callable[[str], str],
) -> None:
    at = {"table": identifier(table), "column": identifier(column)}
    needles = _needles(who)
    rows = cursor.execute(
        sql(
            "select rowid, {column} from {table} where {column} = ? or {any}",
            any=_any_of(at["column"], needles), **at,
        ),
        [who.person, *needles],
    ).fetchall()  # fmt: skip
    for row, text in rows:
        made = who.new_person if text == who.person and column in _PERSON else words(text)
        if made != text:
            cursor.execute(
                sql("update {table} set {column} = ? where rowid = ?", **at), [made, row]
            )


def _needles(who: Renamed) -> list[str]:
    """What a text holds, in small letters, that may have to change."""
    at = [f"@{name}" for name in (*who.called, who.person)]
    known = {*who.names, *who._of_id, *at}
    return sorted({n.casefold() for n in known if n} | {n.lower() for n in known if n})


def _any_of(column: Sql, needles: Sequence[str]) -> Sql:
    return listed((sql("contains(lower({c}), ?)", c=column) for _ in needles), between=" or ")


# The ledger ------------------------------------------------------------------------------


def _ledger(
    cursor: duckdb.DuckDBPyConnection, who: Renamed, words: Callable[[str], str]
) -> None:
    rows = cursor.execute(
        "select seq, person, kind, body, note, client_id from event"
    ).fetchall()
    changed = list(_changed(rows, who, words))
    if not changed:
        return
    cursor.execute(
        "create or replace temp table renamed (seq bigint, person varchar, body varchar, "
        "note varchar, client_id varchar)"
    )
    cursor.execute(
        "insert into renamed select unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)",
        [list(column) for column in zip(*changed, strict=True)],
    )
    cursor.execute(
        "update event set person = r.person, body = r.body, note = r.note, "
        "client_id = r.client_id from renamed r where event.seq = r.seq"
    )
    cursor.execute("drop table renamed")


def _changed(
    rows: Sequence[tuple[Any, ...]], who: Renamed, words: Callable[[str], str]
) -> Iterator[tuple[int, str, str, str, str]]:
    """Rows of the ledger that speak of somebody, as they are from now on."""
    needles = [who.person.casefold(), *_needles(who)]
    for seq, person, kind, body, note, client in rows:
        told = f"{_unescaped(body)}\n{note}".casefold()
        is_told = any(needle in told for needle in needles)
        if person != who.person and not is_told and not _names(client, who):
            continue
        made = (
            who.new_person if person == who.person else person,
            json.dumps(_walked(json.loads(body), "", kind, who, words)) if is_told else body,
            words(note),
            f"renamed:{seq}" if _names(client, who) else client,
        )
        if made != (person, body, note, client):
            yield (seq, *made)


def _names(text: str, who: Renamed) -> bool:
    return any(n.casefold() in text.casefold() for n in (who.person, *who.names) if n)


def _unescaped(body: str) -> str:
    """JSON with its letters as they are written."""
    return json.dumps(json.loads(body), ensure_ascii=False) if "\\u" in body else body


def _walked(value: Any, key: str, kind: str, who: Renamed, words: Callable[[str], str]) -> Any:
    match value:
        case dict():
            made = {k: _walked(v, k, kind, who, words) for k, v in value.items()}
            if kind == "person" and value.get("id") == who.person:
                made |= {"id": who.new_person, "name": who.new_name}
                made.pop("signs_in_as", None)
            return made
        case list():
            return [_walked(v, key, kind, who, words) for v in value]
        case str() if value == who.person and key in (*_PERSON, "names"):
            return who.new_person
        case str() if key not in IDENTITIES:
            return words(value)
    return value

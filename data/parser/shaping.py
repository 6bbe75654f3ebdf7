"""A file of somebody else's making into a table of ours, by a shape.

Every value becomes the text that our own files would hold; what cannot be read stays as it
is, so that it is refused with its own words, and its line, like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from data.parser import engine, numbers
from data.parser.seen import day_text
from data.parser.staged import Task, bad, check_size, named, shown
from data.quoting import Sql, identifier, listed, literal, sql
from data.shapes import NAME, VALUE, Field, Shape, day_of, week_of
from data.tables import TABLES, Column, Kind

COUNTED = (Kind.NUMBER, Kind.WHOLE, Kind.SHARE)
Weeks = Mapping[str, Sequence[str]]
"""Year to the first day of each of its weeks."""


def shape(task: Task, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Write the rows of our table to the target; what they are.

    Parameters
    ----------
    asked : mapping
        shape; files: path and header of the staged file, and of the one that joins it;
        weeks: the first days of the weeks of each year.
    """
    made = Shape.from_dict(asked["shape"])
    with engine.connect(task) as connection:
        columns = _Columns(task, made, connection, asked["files"])
        weeks: Weeks = asked["weeks"]
        targets = [one for one in made.fields if one.target in TABLES[made.table].names]
        parts = [
            sql("{v} as {name}", v=_value(columns, made, one, weeks), name=identifier(f"c{n}"))
            for n, one in enumerate(targets)
        ]
        connection.execute(
            sql(
                "create table shaped as select {parts}, _row from joined {joins} where {kept}",
                parts=listed(parts),
                joins=listed(columns.joins, " "),
                kept=_kept(columns, made),
            )
        )
        ((kept,),) = connection.execute("select count(*) from shaped").fetchall()
        left_out = columns.rows() - kept
        if made.added_up:
            _add_up(connection, made, [one.target for one in targets])
        connection.execute(
            sql(
                "copy (from shaped order by _row) to {target} "
                "(format parquet, compression lz4)",
                target=literal(str(task.target)),
            )
        )
        count = connection.execute("select count(*) from shaped").fetchall()[0][0]
    check_size(task, count, len(targets), 0)
    return {
        "header": [one.target for one in targets],
        "types": ["VARCHAR"] * len(targets),
        "left_out": left_out,
        "added_up": kept - count,
    }


class _Columns:
    """The columns of the staged files by what the files call them."""

    def __init__(
        self,
        task: Task,
        made: Shape,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[Mapping[str, Any]],
    ) -> None:
        self._task, self._connection = task, connection
        self._places: dict[str, Sql] = {}
        self.joins: list[Sql] = []
        """What the rows are joined with: what texts mean."""
        rows, header = str(files[0]["rows"]), list(files[0]["header"])
        self._header = header
        for n, name in enumerate(header):
            self._places[name] = sql("a.{c}", c=identifier(f"c{n}"))
        connection.execute(
            sql("create view first_file as from {rows}", rows=engine.placed(rows))
        )
        self._across = bool(made.across)
        source = self._with_second(made, files) if made.join else sql("first_file as a")
        if made.across:
            source = self._unpivoted(made, source)
        text = {
            name: sql("coalesce(trim({c}::varchar), '')", c=place)
            for name, place in self._places.items()
        }
        self._places = {name: identifier(f"t{n}") for n, name in enumerate(text)}
        connection.execute(
            sql(
                "create view joined as select {texts}, a._row as _row from {source}",
                texts=listed(
                    sql("{t} as {name}", t=t, name=self._places[name])
                    for name, t in text.items()
                ),
                source=source,
            )
        )

    def rows(self) -> int:
        """Rows of the file; of columns across, one for each that is filled."""
        # A file without columns across need not be worked out to be counted.
        place = sql("joined") if self._across else sql("first_file")
        ((count,),) = self._connection.execute(
            sql("select count(*) from {place}", place=place)
        ).fetchall()
        return int(count)

    def of(self, name: str) -> Sql:
        """A column as trimmed text, '' where it is blank.

        Raises
        ------
        BadFiles
            If the file has none of that name.
        """
        if name not in self._places:
            raise bad(
                self._task.label,
                "columns " + named(self._header),
                f"a column '{shown(name)}', as the source says",
            )
        return self._places[name]

    def distinct(self, expression: Sql) -> list[tuple[str, ...]]:
        """The distinct texts of an expression that are not blank."""
        return self._connection.execute(
            sql("select distinct {e} as t from joined where t <> ''", e=expression)
        ).fetchall()

    def means(self, key: Sql, known: Mapping[str, str]) -> Sql:
        """What a text means by a table of texts, null where it stands for none in it."""
        table = identifier(f"m{len(self.joins)}")
        self._connection.execute(
            sql(
                "create temp table {table} as "
                "select unnest($said::varchar[]) as said, unnest($means::varchar[]) as means",
                table=table,
            ),
            {"said": list(known), "means": list(known.values())},
        )
        return self._looked_up(table, key)

    def worked_out(self, key: Sql, value: Sql) -> Sql:
        """An expression of the text `t`, worked out once for each distinct text."""
        table = identifier(f"m{len(self.joins)}")
        self._connection.execute(
            sql(
                "create temp table {table} as select t as said, {value} as means "
                "from (select distinct {key} as t from joined)",
                table=table,
                value=value,
                key=key,
            )
        )
        return self._looked_up(table, key)

    def _looked_up(self, table: Sql, key: Sql) -> Sql:
        self.joins.append(
            sql("left join {table} on {table}.said = {key}", table=table, key=key)
        )
        return sql("{table}.means", table=table)

    def _with_second(self, made: Shape, files: Sequence[Mapping[str, Any]]) -> Sql:
        """Both files, each row of the first with the one row of the second that has its key."""
        join = made.join
        assert join is not None
        if len(files) < 2:
            raise bad(self._task.label, "one file", f"a second one, '{shown(join.name)}'")
        second = list(files[1]["header"])
        label = str(files[1]["label"])
        if join.right not in second:
            raise bad(label, "columns " + named(second), f"a column '{shown(join.right)}'")
        left = self.of(join.left)
        for n, name in enumerate(second):
            self._places[f"{join.name}.{name}"] = sql("b.{c}", c=identifier(f"c{n}"))
        key = sql("trim({c}::varchar)", c=identifier(f"c{second.index(join.right)}"))
        self._connection.execute(
            sql(
                "create table second_file as select *, {key} as _key from {rows}",
                key=key,
                rows=engine.placed(str(files[1]["rows"])),
            )
        )
        again = self._connection.execute(
            "select _key, count(*) from second_file where _key <> '' group by 1 "
            "having count(*) > 1 order by 1 limit 1"
        ).fetchall()
        if again:
            raise bad(
                label,
                f"'{shown(again[0][0])}' {again[0][1]} times in {shown(join.right)}",
                "each key once: else rows would count twice",
            )
        return sql(
            "first_file as a left join second_file as b on trim({left}::varchar) = b._key",
            left=left,
        )

    def _unpivoted(self, made: Shape, source: Sql) -> Sql:
        """A row for each column across that is filled."""
        pairs = [
            sql(
                "{{'name': {name}, 'value': {c}::varchar}}",
                name=literal(name),
                c=self.of(name),
            )
            for name in made.across
        ]
        wide = listed(
            sql("{c} as {name}", c=place, name=identifier(f"w{n}"))
            for n, place in enumerate(self._places.values())
        )
        long = sql(
            "(select {wide}, a._row as _row, unnest([{pairs}]) as _across from {source}) as a",
            wide=wide,
            pairs=listed(pairs),
            source=source,
        )
        self._places = {
            name: sql("a.{c}", c=identifier(f"w{n}")) for n, name in enumerate(self._places)
        }
        self._places[NAME], self._places[VALUE] = sql("a._across.name"), sql("a._across.value")
        return sql(
            "(from {long} where trim(coalesce(a._across.value, '')) <> '') as a", long=long
        )


def _value(columns: _Columns, made: Shape, one: Field, weeks: Weeks) -> Sql:
    """What stands in one of our columns, as text."""
    column = TABLES[made.table].column(one.target)
    if not one.column:
        return literal(one.constant)
    text = columns.of(one.column)
    if one.values:
        means = columns.means(sql("lower({t})", t=text), _lower(one.values))
        text = sql("coalesce({means}, {t})", means=means, t=text)
    if column.kind is Kind.DATE:
        return _date(columns, one, text, weeks)
    if column.kind in COUNTED:
        return _number(columns, one, column, text)
    return text


def _lower(values: Mapping[str, str]) -> dict[str, str]:
    return {word.strip().lower(): means for word, means in values.items()}


def _number(columns: _Columns, one: Field, column: Column, text: Sql) -> Sql:
    value = text
    if one.decimal:
        t = sql("t")
        read = sql(
            "case when {is_one} then {plain} else t end",
            is_one=numbers.is_number(t, one.decimal),
            plain=numbers.plain(t, one.decimal),
        )
        value = columns.worked_out(text, read)
    times: list[Sql] = []
    if one.factor != 1.0:
        times.append(literal(float(one.factor)))
    if one.factor_column:
        told = columns.of(one.factor_column)
        by = one.decimal or "."
        factor = sql("try_cast({plain} as double)", plain=numbers.plain(sql("t"), by))
        times.append(columns.worked_out(told, factor))
    if one.percent and column.kind is Kind.SHARE:
        times.append(sql("(case when contains({t}, '%') then 1 else 0.01 end)", t=text))
    if one.minus_column and one.minus_values:
        marked = sql(
            "lower({c}) in ({values})",
            c=columns.of(one.minus_column),
            values=listed(literal(v.strip().lower()) for v in one.minus_values),
        )
        times.append(sql("(case when {marked} then -1 else 1 end)", marked=marked))
    if not times:
        return value
    product = sql(
        "round(try_cast({v} as double) * {times}, 9)", v=value, times=listed(times, " * ")
    )
    # What is no number, or has no factor, stays as it was written: it is refused by that.
    left = sql("{v} || ' times nothing'", v=value) if one.factor_column else value
    return sql(
        "case when {t} = '' then '' else coalesce({p}::varchar, {left}) end",
        t=text,
        p=product,
        left=left,
    )


def _date(columns: _Columns, one: Field, text: Sql, weeks: Weeks) -> Sql:
    """A day by a look-up of the distinct texts, which are few."""
    shown = day_text(text)
    if one.year:
        shown = sql("({y} || ' week ' || {t})", y=columns.of(one.year), t=text)
        known = {t: _week_of_two(t, weeks) for (t,) in columns.distinct(shown)}
    elif one.date == "week":
        known = {t: _first_day(week_of(t), weeks) for (t,) in columns.distinct(shown)}
    else:
        form = one.date or "ymd"
        days = {t: day_of(t, form) for (t,) in columns.distinct(shown)}
        known = {t: day.isoformat() if day else "" for t, day in days.items()}
    means = columns.means(shown, {t: day for t, day in known.items() if day})
    return sql("coalesce({means}, {t})", means=means, t=shown if one.year else text)


_WEEK_NUMBER = re.compile(r"\D{0,10}(\d{1,2})(?:[.,]0+)?")
"""A week as systems write it beside its year: 7, 07, 7.0, KW07, Wk 7, Sem. 7."""


def _week_of_two(text: str, weeks: Weeks) -> str:
    year, _, week = text.partition(" week ")
    try:
        found = _WEEK_NUMBER.fullmatch(week.strip())
        number = (int(float(year)), int(found[1])) if found else None
    except ValueError:
        return ""
    return _first_day(number, weeks)


def _first_day(week: tuple[int, int] | None, weeks: Weeks) -> str:
    if week is None:
        return ""
    days = weeks.get(str(week[0]), ())
    return days[week[1] - 1] if 1 <= week[1] <= len(days) else ""


def _kept(columns: _Columns, made: Shape) -> Sql:
    """Rows that are not left out."""
    out = [_holds(columns.of(name), value.strip().lower()) for name, value in made.leave_out]
    return sql("not ({out})", out=listed(out, " or ")) if out else sql("true")


def _holds(column: Sql, value: str) -> Sql:
    """Whether a column holds a value, or begins with it where the value ends with *."""
    begins = len(value) > 1 and value.endswith("*")
    if begins:
        return sql("starts_with(lower({c}), {v})", c=column, v=literal(value[:-1]))
    return sql("lower({c}) = {v}", c=column, v=literal(value))


def _add_up(connection: duckdb.DuckDBPyConnection, made: Shape, targets: Sequence[str]) -> None:
    """Rows of one key into one; what is no number stays, so that it is refused."""
    table = TABLES[made.table]
    key = set(table.key or table.replaces_by)
    parts, groups = [], []
    for n, name in enumerate(targets):
        c = identifier(f"c{n}")
        if name in key or table.column(name).kind not in COUNTED:
            if name in key:
                groups.append(c)
            parts.append(c if name in key else sql("min({c}) as {c}", c=c))
            continue
        parts.append(
            sql(
                "coalesce(min({c}) filter ({c} <> '' and try_cast({c} as double) is null), "
                "round(sum(try_cast({c} as double)), 9)::varchar, '') as {c}",
                c=c,
            )
        )
    connection.execute(
        sql(
            "create or replace table shaped as select {parts}, min(_row) as _row from shaped "
            "group by {groups}",
            parts=listed(parts),
            groups=listed(groups),
        )
    )

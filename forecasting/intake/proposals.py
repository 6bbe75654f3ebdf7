"""What a file of others probably means: a shape to be confirmed, and what has to be asked.

Columns are proposed by their names and by what stands in them. Where two readings of a file
differ (03/04, 1.234, weeks of which calendar) none is taken: it becomes a question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from data.looking import Look, Question, Seen
from data.shapes import DATES, NAME, VALUE, Field, Join, Reading, Shape
from data.tables import TABLES, Column, Kind, Table
from forecasting.errors import OutOfBounds
from forecasting.intake import matching, synonyms, weeks
from forecasting.intake.matching import COUNTED
from forecasting.intake.synonyms import likeness

SIGNS = {"point": ".", "comma": ","}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person has stated of a file; all else is proposed."""

    columns: Mapping[str, str]
    """Our column to theirs; '' leaves it out."""
    constants: Mapping[str, str]
    answers: Mapping[str, str]
    """Key of a question to the choice."""
    factors: Mapping[str, str]
    """Our column to units in one of theirs, or to the column that says it."""
    values: Mapping[str, Mapping[str, str]]
    """Our column to their words and ours."""


NOTHING = Wish(columns={}, constants={}, answers={}, factors={}, values={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A shape, and what has to be stated before it can be used."""

    shape: Shape
    questions: tuple[Question, ...]
    missing: tuple[str, ...]
    """Required columns that nothing stands for."""
    settled: tuple[str, ...]
    """What was taken for settled, in words: 'Datum: day/month/year (03.04.2026 is ...)'."""


def propose(
    look: Look,
    table: str,
    *,
    wish: Wish = NOTHING,
    second: Look | None = None,
    join: Join | None = None,
) -> Proposal:
    """How a file becomes a table, as far as it can be known.

    Parameters
    ----------
    second : Look, optional
        The file that joins it; its columns are NAME.COLUMN.
    """  # fmt: skip
    own = TABLES[table]
    whole = _joined(look, second, join)
    asks = [q for q in whole.asks if q.key not in wish.answers]
    across, fields = _across_fields(whole, own, wish, asks)
    for target, (column, _) in matching.matched(
        whole, own, given=wish.columns, filled=wish.constants
    ).items():
        if target not in {f.target for f in fields} and column not in across:
            fields.append(Field(target=target, column=column))
    fields = [f for f in fields if f.target not in wish.constants]
    fields += [Field(target=t, constant=v) for t, v in wish.constants.items()]
    calendar = _weeks(whole, own, fields, wish, asks)
    settled: list[str] = []
    read = _Reader(look=whole, table=own, wish=wish, asks=asks, settled=settled, across=across)
    fields = [read.field(one) for one in fields]
    if any(f.date == "week" for f in fields):
        calendar = _calendar(wish, asks, calendar, 2026, 14)
    order = {name: n for n, name in enumerate(own.names)}
    fields.sort(key=lambda f: order[f.target])
    reading = look.reading
    kept = Reading(
        encoding="", delimiter=reading.delimiter, sheet=reading.sheet,
        totals=reading.totals, header=0,
    )  # fmt: skip
    shape = Shape(
        table=table, fields=tuple(fields), reading=kept, join=join, across=across,
        leave_out=_left_out(whole, own), calendar=calendar,
    )  # fmt: skip
    missing = matching.lacking(own, {f.target for f in fields})
    return Proposal(
        shape=shape, questions=tuple(asks), missing=tuple(missing), settled=tuple(settled)
    )


def _joined(look: Look, second: Look | None, join: Join | None) -> Look:
    """Both files as one that has the columns of both."""
    if second is None or join is None:
        return look
    more = [replace(c, name=f"{join.name}.{c.name}") for c in second.columns]
    return replace(
        look, columns=(*look.columns, *more), header=(*look.header, *(c.name for c in more))
    )


def _across_fields(
    look: Look, table: Table, wish: Wish, asks: list[Question]
) -> tuple[tuple[str, ...], list[Field]]:
    """Columns across, and the two of ours that they become."""
    names, form = matching.across(look)
    counted = [c for c in ("units", "value") if c in table.names]
    if not names or "date" not in table.names or not counted:
        return (), []
    target = wish.answers.get("across") or (counted[0] if len(counted) == 1 else "")
    if target not in counted:
        choices = tuple((name, f"{names[0]} holds {name}") for name in counted)
        asks.append(Question(key="across", about=f"What {names[0]}, ... hold", choices=choices))
        target = counted[-1]
    return names, [
        Field(target="date", column=NAME, date=form), Field(target=target, column=VALUE),
    ]  # fmt: skip


def _weeks(
    look: Look, table: Table, fields: list[Field], wish: Wish, asks: list[Question]
) -> str:
    """A date from week and year, where there is no other; returns their calendar."""
    if "date" not in table.names or any(f.target == "date" for f in fields):
        return ""
    pair = matching.week_columns(look)
    if pair is None:
        return ""
    week, year = pair
    fields.append(Field(target="date", column=week, year=year))
    at = [_first_number(look, name) for name in (year, week)]
    return _calendar(wish, asks, "", at[0], at[1])


def _first_number(look: Look, name: str) -> int:
    seen = look.column(name)
    text = seen.examples[0] if seen and seen.examples else ""
    found = re.search(r"\d+", text)  # KW07 is a 7
    return int(found[0]) if found else 0


def _calendar(wish: Wish, asks: list[Question], had: str, year: int, week: int) -> str:
    given = wish.answers.get("calendar", had)
    if given:
        return weeks.checked_calendar(given)
    if all(q.key != "calendar" for q in asks):
        asks.append(
            Question(
                key="calendar",
                about=f"Which calendar its weeks are of (week {week} of {year})",
                choices=tuple(
                    (name, f"{weeks.CALENDARS[name][0]}: {weeks.example(name, year, week)}")
                    for name in weeks.that_differ(year, week)
                ),
            )
        )
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Settles how the values of each column are read."""

    look: Look
    table: Table
    wish: Wish
    asks: list[Question]
    settled: list[str]
    across: tuple[str, ...]

    def field(self, one: Field) -> Field:
        """The field with its forms; what is open is added to what is asked."""
        if not one.column:
            return one
        column, seen = self.table.column(one.target), self._seen(one.column)
        if seen is None:
            return one
        if column.kind is Kind.DATE:
            return one if one.date or one.year else self._date(one, seen)
        if column.kind in COUNTED:
            return self._number(one, column, seen)
        values = dict(self.wish.values.get(one.target, {}))
        if column.kind is Kind.CHOICE:
            known = {
                text: synonyms.our_word(one.target, text, column.choices)
                for text in seen.values
            }
            values = {text: word for text, word in known.items() if word} | values
        return replace(one, values=values)

    def _seen(self, name: str) -> Seen | None:
        if name != VALUE:
            return self.look.column(name)
        parts = [c for c in self.look.columns if c.name in self.across and c.number]
        if not parts:
            return None
        first = parts[0]
        added = ("point", "comma", "only_point", "only_comma", "unclear", "percent")
        counts = {n: sum(p.number[n] for p in parts if p.number) for n in added}
        whole = {**(first.number or {}), **counts,
                 "is_plain": all(p.number["is_plain"] for p in parts if p.number)}  # fmt: skip
        filled = sum(p.filled for p in parts)
        return replace(first, number=whole, filled=filled, stored=all(p.stored for p in parts))

    def _answer(self, key: str, name: str) -> str:
        return self.wish.answers.get(f"{key}:{name}", self.wish.answers.get(key, ""))

    def _date(self, one: Field, seen: Seen) -> Field:
        given = self._answer("date", seen.name)
        forms = seen.forms
        if not given and seen.doubt is not None:
            means = {
                f: m for f, m in seen.doubt["means"].items() if f in forms or not _all(seen)
            }
            if len(means) > 1:
                choices = tuple(
                    (form, f"{DATES[form]}: {seen.doubt['text']} is {day}")
                    for form, day in means.items()
                )
                self._ask("date", seen.name, choices)
        form = given if given in DATES else forms[0] if forms else "ymd"
        is_open = any(question.key == f"date:{seen.name}" for question in self.asks)
        if form != "ymd" and seen.examples and not is_open:
            self.settled.append(f"{seen.name}: {DATES[form]}, as in {seen.examples[0]}")
        return replace(one, date=form)

    def _ask(self, key: str, name: str, choices: tuple[tuple[str, str], ...]) -> None:
        about = "How dates are written in" if key == "date" else "How numbers are written in"
        question = Question(key=f"{key}:{name}", about=f"{about} '{name}'", choices=choices)
        if all(q.key != question.key for q in self.asks):
            self.asks.append(question)

    def _number(self, one: Field, column: Column, seen: Seen) -> Field:
        counts = seen.number
        if counts is None:
            return one
        decimal = "" if seen.stored else self._decimal(seen)
        percent = (
            column.kind is Kind.SHARE
            and not counts["percent"]
            and 1 < (counts["most"] or 0) <= 100
        )
        if percent:
            self.settled.append(f"{seen.name}: per cents, as in {', '.join(seen.examples[:2])}")
        made = replace(one, decimal=decimal, percent=percent)
        made = self._factor(made, seen)
        return self._returns(made, seen)

    def _decimal(self, seen: Seen) -> str:
        """The sign before decimals: as answered, as its values settle, as the file's do."""
        counts = seen.number or {}
        given = SIGNS.get(self._answer("decimal", seen.name))
        if given:
            return given
        own = "" if counts["only_point"] and counts["only_comma"] else seen.decimal
        if not own and bool(counts["only_point"]) != bool(counts["only_comma"]):
            own = "." if counts["only_point"] else ","
        if not own and (counts["unclear"] or counts["only_point"]):
            others = {c.decimal for c in self.look.columns if c.decimal and c.is_number}
            if len(others) == 1 and not counts["only_point"]:
                own = others.pop()
            else:
                text = counts["example"] or seen.examples[0]
                choices = tuple(
                    (word, f"{text} is {_by_sign(text, sign)}") for word, sign in SIGNS.items()
                )
                self._ask("decimal", seen.name, choices)
                return "."
        if own == ",":
            self.settled.append(f"{seen.name}: comma before decimals, as in {seen.examples[0]}")
        return own or ("" if counts["is_plain"] else ".")

    def _factor(self, one: Field, seen: Seen) -> Field:
        """Units in one of what the column counts, where its name says that it counts cases."""
        given = self.wish.factors.get(one.target, "")
        if given:
            if given in self.look.header:
                return replace(one, factor_column=given)
            try:
                return replace(one, factor=float(given))
            except ValueError:
                raise OutOfBounds(
                    f"Units in one of '{seen.name}' are a number, or a column of the file "
                    f"({', '.join(self.look.header[:12])}); found '{given[:60]}'."
                ) from None
        counts_cases = synonyms.CASES.search(synonyms.plain(seen.name)) is not None
        if one.target not in ("units", "on_hand", "in_transit") or not counts_cases:
            return one
        per = max(
            (c for c in self.look.columns if c.name != seen.name and c.is_number),
            key=lambda c: likeness(c.name.rpartition(".")[2], synonyms.PER_CASE),
            default=None,
        )
        if per is not None and likeness(per.name.rpartition(".")[2], synonyms.PER_CASE) >= 0.6:
            self.settled.append(f"{seen.name}: cases, times '{per.name}'")
            return replace(one, factor_column=per.name)
        self.asks.append(
            Question(
                key=f"factor:{one.target}",
                about=f"How many units are in one of '{seen.name}'",
                choices=(("1", "they are units"), ("NUMBER or COLUMN", "units in a case")),
            )
        )
        return one

    def _returns(self, one: Field, seen: Seen) -> Field:
        """Rows that a word marks as returns count below zero."""
        counts = seen.number or {}
        if self.table.name != "sales" or one.target not in ("units", "revenue"):
            return one
        if (counts["least"] or 0) < 0:
            return one
        for other in self.look.columns:
            words = tuple(v for v in other.values if synonyms.RETURNS.search(synonyms.plain(v)))
            if words and len(words) < len(other.values):
                line = f"rows with {', '.join(words)} in {other.name} count below zero"
                if line not in self.settled:
                    self.settled.append(line)
                return replace(one, minus_column=other.name, minus_values=words)
        return one


def _all(seen: Seen) -> bool:
    """Whether some order of dates holds for all values."""
    return any(n >= seen.filled for n in seen.dates.values())


def _by_sign(text: str, sign: str) -> str:
    other = "," if sign == "." else "."
    return text.replace(other, "").replace(",", ".")


def _left_out(look: Look, table: Table) -> tuple[tuple[str, str], ...]:
    """Rows that were called off."""
    if table.name not in ("sales", "receipts"):
        return ()
    return tuple(
        (seen.name, value)
        for seen in look.columns
        for value in seen.values
        if len(seen.values) > 1 and synonyms.CANCELLED.search(synonyms.plain(value))
    )

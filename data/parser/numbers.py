"""Numbers as people and systems write them, as SQL: signs of money, per cents, thousands.

A number can be read with a point or with a comma before its decimals. `1.234` can be read
both ways and means two things: who reads has to say which.
"""

from __future__ import annotations

from data.quoting import Sql, literal, sql

_MONEY = (
    r"(?:[€$£¥₹]|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|JPY|CNY|INR|CAD|AUD|BRL|MXN|HUF|RON|ZAR"
    r"|TRY|kr\.?|zł|Kč|Fr\.|Rs\.?)"
)
_GAP = r"'’ \x{00A0}\x{202F}"
"""What stands between thousands beside the other sign."""


def _pattern(decimal: str, thousands: str) -> str:
    grouped = rf"[1-9]\d{{0,2}}(?:[{thousands}{_GAP}]\d{{3}})+"
    number = rf"(?:(?:{grouped}|\d+)(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][-+]?\d{{1,3}})?"
    return rf"^[-+−(]?\s*{_MONEY}?\s*[-+−]?\s*{number}\s*(?:{_MONEY}|%)?\s*[-)]?$"


PATTERNS = {".": _pattern(r"\.", ","), ",": _pattern(",", r"\.")}
LOST = r"^\d(?:[.,]\d+)?[eE]\+\d{2}$"
"""A code as a spreadsheet shows it in a narrow column: its last digits are gone."""


def is_number(text: Sql, decimal: str) -> Sql:
    """Whether a text can be read as a number with this sign before its decimals."""
    return sql("regexp_matches({t}, {p})", t=text, p=literal(PATTERNS[decimal]))


def plain(text: Sql, decimal: str) -> Sql:
    """A number that `is_number` as plain text: 1.234,50 € becomes 1234.50, 20% becomes 0.2."""
    bare = sql(
        "regexp_replace(regexp_replace({t}, {money}, '', 'g'), {other}, '', 'g')",
        t=text, money=literal(_MONEY), other=literal(r"[^0-9.,eE+\-−()]"),
    )  # fmt: skip
    digits = sql("trim(regexp_replace({b}, '−', '-', 'g'), '()+-')", b=bare)
    digits = (
        sql("replace({d}, ',', '')", d=digits)
        if decimal == "."
        else sql("replace(replace({d}, '.', ''), ',', '.')", d=digits)
    )
    return sql(
        "case when contains({t}, '%') then cast(round(try_cast({d} as double) "
        "* {sign} / 100, 12) as varchar) "
        "else (case when {sign} < 0 then '-' else '' end) || {d} end",
        t=text, d=digits,
        sign=sql("(case when regexp_matches({b}, '^[(−-]|-$') then -1 else 1 end)", b=bare),
    )  # fmt: skip

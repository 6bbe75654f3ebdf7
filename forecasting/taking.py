"""How a value is taken that an annotation speaks of: what it has to be, within which bounds.

`Annotated` says what a plain type cannot: how long a text may be, between which numbers a
number lies. What is not fit is refused by saying what was expected and where it stood.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    BinaryIO,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
import pandas as pd

from forecasting import write

LARGEST = 1e10
"""Beyond any retailer, whatever is counted; files are held to the same (data.tables)."""
LARGEST_WHOLE = 10**15
"""Beyond any sequence number."""
LONGEST = 20_000
"""Characters of a text: what somebody types on a page, not a file."""
LONGEST_NAME = 200
"""Characters of a name: as files are held to."""
MOST = 100_000
"""Values of a list."""
DEEPEST = 8
"""Lists within lists of what is kept as it is."""
FIRST_DAY, LAST_DAY = dt.date(1990, 1, 1), dt.date(2100, 12, 31)
_UNKEEPABLE = re.compile(r"[\x00-\x08\x0e-\x1f\ud800-\udfff]")
"""Control characters but tab and line ends, as in files, and halves of characters."""
_BREAKS = re.compile(r"[\t\n\x0b\x0c\r\x7f]")

_T = TypeVar("_T")
Take = Callable[[Any], Any]
"""A value as it is taken; raises `Unfit`."""


@dataclass(frozen=True, slots=True)
class Text:
    """Bounds of a text, for `Annotated`."""

    longest: int = LONGEST
    lines: bool = True
    """It may have several lines."""


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of a number, both included, for `Annotated`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OneOf:
    """The only texts that there are, for `Annotated`."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns that a frame has to have, for `Annotated`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Marked:
    """A way of checking that no type says."""

    name: str


_AS_MADE, _PLAIN = _Marked("as made"), _Marked("plain")

Name = Annotated[str, Text(longest=LONGEST_NAME, lines=False)]
"""What something is known by."""
ClientId = Annotated[str, Text(longest=LONGEST_NAME, lines=False)]
"""What a client calls one request of its own, so that it can be sent again."""
Plain = Annotated[Any, _PLAIN]
"""What can be kept as it is: text, numbers, yes or no, days, lists of them."""
AsMade = Annotated[_T, _AS_MADE]
"""A value that the product made and a caller only hands back: its parts are not looked at."""


class Unfit(Exception):
    """A value is not what was expected; `path` says where inside of it."""

    def __init__(self, expected: str, value: object, path: str = "") -> None:
        self.expected, self.value, self.path = expected, value, path
        super().__init__(expected)

    def inside(self, path: str) -> Unfit:
        """The same, seen from outside."""
        return Unfit(self.expected, self.value, f"{path}{self.path}")


def take_of(hint: Any, *marks: Any) -> Take:
    """How a value is taken that an annotation speaks of."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return take_of(inner[0], *inner[1:], *marks)
    if _PLAIN in marks:
        return _plain
    if origin in (Union, UnionType):
        return _any_of(inner, marks)
    if origin is tuple:
        return _tuple(inner)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(take_of(inner[0]), take_of(inner[1]))
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return _many(take_of(inner[0]))
    if origin is Callable:
        return _callable
    kind = origin if isinstance(origin, type) else hint
    return _of_class(kind, marks) if isinstance(kind, type) else _anything


def _of_class(kind: type, marks: Sequence[Any]) -> Take:
    """How a value of a plain class is taken."""
    simple: dict[Any, Take] = {
        BinaryIO: _readable,
        bool: _yes_or_no, dt.datetime: _moment, dt.date: _day, Path: _path,
        NoneType: _nothing, object: _anything,
    }  # fmt: skip
    if kind in simple:
        return simple[kind]
    if kind is str:
        only = next((m for m in marks if isinstance(m, OneOf)), None)
        return _one_of(only.values) if only else _text(_mark(marks, Text, Text()))
    if kind is int:
        return _whole(_mark(marks, Between, Between(-LARGEST_WHOLE, LARGEST_WHOLE)))
    if kind is float:
        return _number(_mark(marks, Between, Between(-LARGEST, LARGEST)))
    if issubclass(kind, Enum):
        return _choice(kind)
    if kind is pd.DataFrame:
        return _frame(_mark(marks, Columns, Columns(())))
    if is_dataclass(kind) and _AS_MADE not in marks:
        return _value(kind)
    return _instance(kind)


def _mark(marks: Sequence[Any], kind: type[_T], usual: _T) -> _T:
    return next((m for m in marks if isinstance(m, kind)), usual)


def _anything(value: Any) -> Any:
    return value


def _nothing(value: Any) -> Any:
    if value is not None:
        raise Unfit("nothing", value)
    return value


def _callable(value: Any) -> Any:
    if not callable(value):
        raise Unfit("something to call", value)
    return value


def _readable(value: Any) -> Any:
    if not callable(getattr(value, "read", None)):
        raise Unfit("a file", value)
    return value


def _any_of(arms: Sequence[Any], marks: Sequence[Any]) -> Take:
    """One of several kinds; beside an enum, text means one of its values."""
    closed = any(isinstance(a, type) and issubclass(a, Enum) for a in arms)
    if any(isinstance(m, OneOf) for m in marks):
        arms = [a for a in arms if not (isinstance(a, type) and issubclass(a, Enum))]
    elif closed:
        arms = [a for a in arms if a is not str]
    takes = [take_of(arm, *marks) for arm in arms if arm is not NoneType]
    optional = NoneType in arms

    def take(value: Any) -> Any:
        if value is None and optional:
            return None
        wrong: list[Unfit] = []
        for one in takes:
            try:
                return one(value)
            except Unfit as error:
                wrong.append(error)
        # The deepest objection is about the kind that was meant.
        raise max(wrong, key=lambda error: len(error.path))

    return take


def _text(bounds: Text) -> Take:
    expected = f"text of at most {write.number(bounds.longest)} characters"

    def take(value: Any) -> str:
        if not isinstance(value, str):
            raise Unfit("text", value)
        if len(value) > bounds.longest:
            raise Unfit(expected, value)
        if _UNKEEPABLE.search(value) or (not bounds.lines and _BREAKS.search(value)):
            raise Unfit("text without control characters", value)
        return value if type(value) is str else str(value)

    return take


def _one_of(values: tuple[str, ...]) -> Take:
    expected = f"one of {', '.join(values)}"

    def take(value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise Unfit(expected, value)
        return str(value)

    return take


def _choice(kind: type[Enum]) -> Take:
    by_value = {member.value: member for member in kind}
    expected = f"one of {', '.join(map(str, by_value))}"

    def take(value: Any) -> Enum:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str) or value not in by_value:
            raise Unfit(expected, value)
        return by_value[value]

    return take


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise Unfit("yes or no", value)
    return bool(value)


def _whole(bounds: Between) -> Take:
    expected = f"a whole number from {write.number(bounds.low)} to {write.number(bounds.high)}"
    if abs(bounds.high) >= LARGEST_WHOLE:
        expected = "a whole number"

    def take(value: Any) -> int:
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
            raise Unfit(expected, value)
        if not bounds.low <= value <= bounds.high:
            raise Unfit(expected, value)
        return int(value)

    return take


def _number(bounds: Between, *, or_unknown: bool = False) -> Take:
    expected = (
        f"a number from {write.figure(bounds.low, 12)} to {write.figure(bounds.high, 12)}"
    )

    def take(value: Any) -> float:
        if isinstance(value, bool | np.bool_):
            raise Unfit(expected, value)
        if not isinstance(value, int | float | np.integer | np.floating):
            raise Unfit(expected, value)
        if or_unknown and value != value:
            return math.nan
        if not bounds.low <= value <= bounds.high:  # so not NaN either
            raise Unfit(expected, value)
        return value.item() if isinstance(value, np.generic) else value

    return take


def _day(value: Any) -> dt.date:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise Unfit("a day", value)
    if not FIRST_DAY <= value <= LAST_DAY:
        raise Unfit(f"a day from {FIRST_DAY.year} to {LAST_DAY.year}", value)
    return value


def _moment(value: Any) -> dt.datetime:
    if not isinstance(value, dt.datetime) or value.tzinfo is not None or pd.isna(value):
        raise Unfit("a moment in UTC without a zone", value)
    return value


def _path(value: Any) -> Path:
    if not isinstance(value, Path):
        raise Unfit("a path", value)
    if _UNKEEPABLE.search(str(value)) or len(str(value)) > LONGEST:
        raise Unfit("a path without control characters", str(value))
    return value


def _many(take_one: Take) -> Take:
    def take(value: Any) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray):
            raise Unfit("a list", value)
        if len(value) > MOST:
            raise Unfit(f"a list of at most {write.number(MOST)}", value)
        found, same = [], True
        for number, one in enumerate(value):
            try:
                found.append(take_one(one))
            except Unfit as error:
                raise error.inside(f"[{number}]") from None
            same &= found[-1] is one
        if same:
            return value
        return tuple(found) if isinstance(value, tuple) else found

    return take


def _tuple(inner: Sequence[Any]) -> Take:
    if len(inner) == 2 and inner[1] is Ellipsis:
        many = _many(take_of(inner[0]))
        return lambda value: many(value) if isinstance(value, tuple) else _refuse_list(value)
    each = [take_of(one) for one in inner]
    expected = f"{len(each)} values"

    def take(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, tuple) or len(value) != len(each):
            raise Unfit(expected, value)
        return tuple(one(part) for one, part in zip(each, value, strict=True))

    return take


def _refuse_list(value: Any) -> Any:
    raise Unfit("a list that does not change", value)


def _mapping(key: Take, one: Take) -> Take:
    def take(value: Any) -> dict[Any, Any]:
        if not isinstance(value, Mapping) or len(value) > MOST:
            raise Unfit("values by name", value)
        return {key(name): one(part) for name, part in value.items()}

    return take


def _frame(columns: Columns) -> Take:
    expected = f"a table with the columns {', '.join(columns.names)}"

    def take(value: Any) -> pd.DataFrame:
        if not isinstance(value, pd.DataFrame) or not set(columns.names) <= set(value.columns):
            raise Unfit(expected, value)
        return value

    return take


def _instance(kind: type) -> Take:
    expected = f"a value of the kind '{kind.__name__}'"

    def take(value: Any) -> Any:
        if not isinstance(value, kind):
            raise Unfit(expected, value)
        return value

    return take


def _value(kind: type) -> Take:
    """A frozen value, field by field."""
    of_kind = _instance(kind)

    def take(value: Any) -> Any:
        of_kind(value)
        changed = {}
        for name, one in _fields_of(kind):
            given = getattr(value, name)
            try:
                taken = one(given)
            except Unfit as error:
                raise error.inside(f".{name}") from None
            if taken is not given:
                changed[name] = taken
        return replace(value, **changed) if changed else value

    return take


@lru_cache
def _fields_of(kind: Any) -> tuple[tuple[str, Take], ...]:
    """How each field of a value is taken; one that is NaN where nothing is known may be NaN."""
    hints = get_type_hints(kind, include_extras=True)
    unknown = {f.name for f in fields(kind) if _is_nan(f.default)}
    or_nan = _number(Between(-LARGEST, LARGEST), or_unknown=True)
    return tuple(
        (f.name, or_nan if f.name in unknown else take_of(hints[f.name])) for f in fields(kind)
    )


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise Unfit(f"at most {DEEPEST} lists within each other", value)
    match value:
        case None | bool() | dt.date():
            return value
        case str():
            return _text(Text())(value)
        case int() | float():
            return _number(Between(-LARGEST_WHOLE, LARGEST_WHOLE), or_unknown=True)(value)
        case Mapping():
            return {_text(Text())(k): _plain(v, depth + 1) for k, v in value.items()}
        case list() | tuple():
            return [_plain(one, depth + 1) for one in value]
        case _:
            raise Unfit("text, numbers, yes or no, days, or lists of them", value)

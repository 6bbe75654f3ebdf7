"""The one door for what a caller hands to a verb: checked against the verb's own signature.

A page, a script and a crafted message all call the same verbs, and what they hand over may be
anything. A verb's annotations already say what it takes; `verbs` makes them hold, so that
behind the door a number is a finite number, a day is a day and a text can be kept. What the
numbers and names mean is the verb's own business: this module knows no planning.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import lru_cache, wraps
from inspect import Parameter, isfunction, signature
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    BinaryIO,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
import pandas as pd

from forecasting.errors import OutOfBounds

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

_P = ParamSpec("_P")
_T = TypeVar("_T")
_C = TypeVar("_C", bound=type[Any])
Take = Callable[[Any], Any]
"""A value as it is taken; raises `_Unfit`."""


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


class _Unfit(Exception):
    """A value is not what was expected; `path` says where inside of it."""

    def __init__(self, expected: str, value: object, path: str = "") -> None:
        self.expected, self.value, self.path = expected, value, path
        super().__init__(expected)

    def inside(self, path: str) -> _Unfit:
        """The same, seen from outside."""
        return _Unfit(self.expected, self.value, f"{path}{self.path}")


def verbs(cls: _C) -> _C:
    """Put the door before every public method of a class that a person acts with (`by`)."""
    for name, made in list(vars(cls).items()):
        if not name.startswith("_") and isfunction(made) and "by" in signature(made).parameters:
            setattr(cls, name, verb(made))
    return cls


def verb(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Check what a function is called with against its own annotations.

    Raises
    ------
    OutOfBounds
        From the function that comes back, naming the argument, what was expected and what
        was found; the function itself was not called then.
    """
    names = [
        p.name
        for p in signature(function).parameters.values()
        if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    ]
    known: dict[str, Take] = {}

    @wraps(function)
    def checked(*given: _P.args, **named: _P.kwargs) -> _T:
        # Annotations are read at the first call: modules may name what is defined later.
        takes = known or _read_into(known, function)
        told = [
            _taken(takes.get(name), name, value)
            for name, value in zip(names, given, strict=False)
        ]
        more = {
            name: _taken(takes.get(name) or takes.get("**"), name, value)
            for name, value in named.items()
        }
        call: Callable[..., _T] = function
        return call(*told, *given[len(names) :], **more)

    checked.is_checked = True  # type: ignore[attr-defined]
    return checked


def is_checked(function: object) -> bool:
    """Whether the door stands before a function."""
    return getattr(function, "is_checked", False) is True


def check_types(value: object) -> None:
    """Refuse a frozen value whose fields are not of their kinds, where it is made.

    Raises
    ------
    OutOfBounds
    """
    cls: Any = type(value)
    for name, kind in _field_types(cls):
        found = getattr(value, name)
        if not isinstance(found, kind) or (kind is dt.date and isinstance(found, dt.datetime)):
            what = "a day" if kind is dt.date else "text"
            raise OutOfBounds(
                f"A {cls.__name__.lower()} needs {what} as its {name}; found {said(found)}."
            )


@lru_cache
def _field_types(cls: Any) -> tuple[tuple[str, type], ...]:
    return tuple(get_type_hints(cls).items())


def said(value: object) -> str:
    """What was found, in a few words that are safe to show."""
    match value:
        case None:
            return "nothing"
        case bool() | np.bool_():
            return "yes" if value else "no"
        case str():
            short = value if len(value) <= 40 else value[:40] + "..."
            return f"the text {short!r}"
        case int() if abs(value) > LARGEST_WHOLE:  # too long to be written out
            return "a number beyond all bounds"
        case int() | float() | np.number():
            return f"the number {value}"
        case dt.datetime():
            return "a moment"
        case dt.date():
            return f"the day {value.isoformat()}"
        case _:
            return f"a value of the kind '{type(value).__name__[:40]}'"


def _taken(take: Take | None, name: str, value: object) -> Any:
    if take is None:
        return value
    try:
        return take(value)
    except _Unfit as error:
        where = f"'{name}{error.path}'"
        raise OutOfBounds(
            f"{where} has to be {error.expected}; found {said(error.value)}. "
            "Nothing was changed."
        ) from None


def _read_into(known: dict[str, Take], function: Callable[..., Any]) -> dict[str, Take]:
    hints = get_type_hints(function, include_extras=True)
    found = {
        "**" if p.kind is Parameter.VAR_KEYWORD else name: _take_of(hints[name])
        for name, p in signature(function).parameters.items()
        if name in hints
    }
    known.update(found)
    return known


# What each kind of annotation takes ---------------------------------------------------------


def _take_of(hint: Any, *marks: Any) -> Take:
    """How a value is taken that an annotation speaks of."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _take_of(inner[0], *inner[1:], *marks)
    if _PLAIN in marks:
        return _plain
    if origin in (Union, UnionType):
        return _any_of(inner, marks)
    if origin is tuple:
        return _tuple(inner)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(_take_of(inner[0]), _take_of(inner[1]))
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return _many(_take_of(inner[0]))
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
        raise _Unfit("nothing", value)
    return value


def _callable(value: Any) -> Any:
    if not callable(value):
        raise _Unfit("something to call", value)
    return value


def _readable(value: Any) -> Any:
    if not callable(getattr(value, "read", None)):
        raise _Unfit("a file", value)
    return value


def _any_of(arms: Sequence[Any], marks: Sequence[Any]) -> Take:
    """One of several kinds; beside an enum, text means one of its values."""
    closed = any(isinstance(a, type) and issubclass(a, Enum) for a in arms)
    if any(isinstance(m, OneOf) for m in marks):
        arms = [a for a in arms if not (isinstance(a, type) and issubclass(a, Enum))]
    elif closed:
        arms = [a for a in arms if a is not str]
    takes = [_take_of(arm, *marks) for arm in arms if arm is not NoneType]
    optional = NoneType in arms

    def take(value: Any) -> Any:
        if value is None and optional:
            return None
        wrong: list[_Unfit] = []
        for one in takes:
            try:
                return one(value)
            except _Unfit as error:
                wrong.append(error)
        # The deepest objection is about the kind that was meant.
        raise max(wrong, key=lambda error: len(error.path))

    return take


def _text(bounds: Text) -> Take:
    expected = f"text of at most {bounds.longest:,} characters"

    def take(value: Any) -> str:
        if not isinstance(value, str):
            raise _Unfit("text", value)
        if len(value) > bounds.longest:
            raise _Unfit(expected, value)
        if _UNKEEPABLE.search(value) or (not bounds.lines and _BREAKS.search(value)):
            raise _Unfit("text without control characters", value)
        return value if type(value) is str else str(value)

    return take


def _one_of(values: tuple[str, ...]) -> Take:
    expected = f"one of {', '.join(values)}"

    def take(value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise _Unfit(expected, value)
        return str(value)

    return take


def _choice(kind: type[Enum]) -> Take:
    by_value = {member.value: member for member in kind}
    expected = f"one of {', '.join(map(str, by_value))}"

    def take(value: Any) -> Enum:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str) or value not in by_value:
            raise _Unfit(expected, value)
        return by_value[value]

    return take


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise _Unfit("yes or no", value)
    return bool(value)


def _whole(bounds: Between) -> Take:
    expected = f"a whole number from {bounds.low:,.0f} to {bounds.high:,.0f}"
    if abs(bounds.high) >= LARGEST_WHOLE:
        expected = "a whole number"

    def take(value: Any) -> int:
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
            raise _Unfit(expected, value)
        if not bounds.low <= value <= bounds.high:
            raise _Unfit(expected, value)
        return int(value)

    return take


def _number(bounds: Between, *, or_unknown: bool = False) -> Take:
    expected = f"a number from {bounds.low:,.12g} to {bounds.high:,.12g}"

    def take(value: Any) -> float:
        if isinstance(value, bool | np.bool_):
            raise _Unfit(expected, value)
        if not isinstance(value, int | float | np.integer | np.floating):
            raise _Unfit(expected, value)
        if or_unknown and value != value:
            return math.nan
        if not bounds.low <= value <= bounds.high:  # so not NaN either
            raise _Unfit(expected, value)
        return value.item() if isinstance(value, np.generic) else value

    return take


def _day(value: Any) -> dt.date:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise _Unfit("a day", value)
    if not FIRST_DAY <= value <= LAST_DAY:
        raise _Unfit(f"a day from {FIRST_DAY.year} to {LAST_DAY.year}", value)
    return value


def _moment(value: Any) -> dt.datetime:
    if not isinstance(value, dt.datetime) or value.tzinfo is not None or pd.isna(value):
        raise _Unfit("a moment in UTC without a zone", value)
    return value


def _path(value: Any) -> Path:
    if not isinstance(value, Path):
        raise _Unfit("a path", value)
    if _UNKEEPABLE.search(str(value)) or len(str(value)) > LONGEST:
        raise _Unfit("a path without control characters", str(value))
    return value


def _many(take_one: Take) -> Take:
    def take(value: Any) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray):
            raise _Unfit("a list", value)
        if len(value) > MOST:
            raise _Unfit(f"a list of at most {MOST:,}", value)
        found, same = [], True
        for number, one in enumerate(value):
            try:
                found.append(take_one(one))
            except _Unfit as error:
                raise error.inside(f"[{number}]") from None
            same &= found[-1] is one
        if same:
            return value
        return tuple(found) if isinstance(value, tuple) else found

    return take


def _tuple(inner: Sequence[Any]) -> Take:
    if len(inner) == 2 and inner[1] is Ellipsis:
        many = _many(_take_of(inner[0]))
        return lambda value: many(value) if isinstance(value, tuple) else _refuse_list(value)
    each = [_take_of(one) for one in inner]
    expected = f"{len(each)} values"

    def take(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, tuple) or len(value) != len(each):
            raise _Unfit(expected, value)
        return tuple(one(part) for one, part in zip(each, value, strict=True))

    return take


def _refuse_list(value: Any) -> Any:
    raise _Unfit("a list that does not change", value)


def _mapping(key: Take, one: Take) -> Take:
    def take(value: Any) -> dict[Any, Any]:
        if not isinstance(value, Mapping) or len(value) > MOST:
            raise _Unfit("values by name", value)
        return {key(name): one(part) for name, part in value.items()}

    return take


def _frame(columns: Columns) -> Take:
    expected = f"a table with the columns {', '.join(columns.names)}"

    def take(value: Any) -> pd.DataFrame:
        if not isinstance(value, pd.DataFrame) or not set(columns.names) <= set(value.columns):
            raise _Unfit(expected, value)
        return value

    return take


def _instance(kind: type) -> Take:
    expected = f"a value of the kind '{kind.__name__}'"

    def take(value: Any) -> Any:
        if not isinstance(value, kind):
            raise _Unfit(expected, value)
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
            except _Unfit as error:
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
        (f.name, or_nan if f.name in unknown else _take_of(hints[f.name])) for f in fields(kind)
    )


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise _Unfit(f"at most {DEEPEST} lists within each other", value)
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
            raise _Unfit("text, numbers, yes or no, days, or lists of them", value)

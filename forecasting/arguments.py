"""The one door for what a caller hands to a verb: checked against the verb's own signature.

A page, a script and a crafted message all call the same verbs, and what they hand over may be
anything. A verb's annotations already say what it takes; `verbs` makes them hold, so that
behind the door a number is a finite number, a day is a day and a text can be kept. What the
numbers and names mean is the verb's own business: this module knows no planning.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache, wraps
from inspect import Parameter, isfunction, signature
from typing import Any, ParamSpec, TypeVar, get_type_hints

import numpy as np

from forecasting.errors import OutOfBounds
from forecasting.taking import (
    LARGEST_WHOLE,
    LONGEST_NAME,
    AsMade,
    Between,
    ClientId,
    Columns,
    Name,
    OneOf,
    Plain,
    Take,
    Text,
    Unfit,
    take_of,
)

__all__ = [
    "LONGEST_NAME",
    "AsMade",
    "Between",
    "ClientId",
    "Columns",
    "Name",
    "OneOf",
    "Plain",
    "Text",
    "check_types",
    "in_words",
    "is_checked",
    "verb",
    "verbs",
]  # fmt: skip

_P = ParamSpec("_P")
_T = TypeVar("_T")
_C = TypeVar("_C", bound=type[Any])


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
                f"A {cls.__name__.lower()} needs {what} as its {name}; found {in_words(found)}."
            )


@lru_cache
def _field_types(cls: Any) -> tuple[tuple[str, type], ...]:
    return tuple(get_type_hints(cls).items())


def in_words(value: object) -> str:
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
    except Unfit as error:
        where = f"'{name}{error.path}'"
        raise OutOfBounds(
            f"{where} has to be {error.expected}; found {in_words(error.value)}. "
            "Nothing was changed."
        ) from None


def _read_into(known: dict[str, Take], function: Callable[..., Any]) -> dict[str, Take]:
    hints = get_type_hints(function, include_extras=True)
    found = {
        "**" if p.kind is Parameter.VAR_KEYWORD else name: take_of(hints[name])
        for name, p in signature(function).parameters.items()
        if name in hints
    }
    known.update(found)
    return known

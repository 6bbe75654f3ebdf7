"""Which verbs programs have, and what each takes: read off the command line's own registry.

A verb's options are its parameters, with their help, bounds and choices. Left out are those
that the server answers itself: the database, who acts, where a file is written. A parameter
that would name a place on the server is none: what is read is uploaded, what is written is
answered.
"""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import click
from pydantic import BaseModel, ConfigDict, Field, create_model

from forecasting import commands
from forecasting.commands.door import main
from forecasting.commands.served import (
    ABSENT,
    LOOKS,
    READS,
    FileIn,
    FileOut,
    FolderOut,
    public,
    spelled,
)
from forecasting.taking import LARGEST_WHOLE, LONGEST

TAKES_IF_MATCH = frozenset({"override", "approve", "propose"})
"""Verbs that compare the state that was looked at with what others did since."""
OURS = frozenset({"db", "person", "as_json"})
"""Parameters that the server knows itself."""
USUAL_ROWS, MOST_ROWS = 1_000, 10_000
"""Rows of a table in one answer."""
MOST_VALUES = 10_000
"""Values of a parameter that may be given several times."""


class Asked(BaseModel):
    """Parameters of a verb: nothing that it does not know."""

    model_config = ConfigDict(extra="forbid")


_ANNOTATED: Any = Annotated
"""So that a kind that is only known at run time may stand in it."""


@dataclass(frozen=True)
class Verb:
    """A verb of the command line as a program has it."""

    command: click.Command
    name: str
    changes: bool
    """Whether it is asked to do something, by POST."""
    without: frozenset[str] = frozenset()
    """Parameters that it does not have where it only looks."""

    @property
    def help(self) -> str:
        """What it does, as the command line says it."""
        return self.command.help or ""

    @cached_property
    def taken(self) -> Mapping[str, click.Parameter]:
        """What a caller may say, by the name that they say it under."""
        return {
            public(one): one
            for one in self._params
            if not isinstance(one.type, FolderOut) and not self._is_answer(one)
        }

    @cached_property
    def uploads(self) -> Mapping[str, click.Parameter]:
        """What a caller uploads, by name."""
        return {n: one for n, one in self.taken.items() if isinstance(one.type, FileIn)}

    @cached_property
    def answer(self) -> click.Parameter | None:
        """The parameter whose file is the answer; None: there is only a result."""
        found = (p for p in self._params if self._is_answer(p) or _is_folder(p))
        return next(found, None)

    @property
    def forms(self) -> tuple[str, ...]:
        """Endings that the file of the answer may have."""
        kind = self.answer.type if self.answer else None
        return kind.forms if isinstance(kind, FileOut) else ()

    @property
    def takes_out(self) -> bool:
        """Whether its answer is a file with something of the company in it."""
        return self.answer is not None and self.answer.name == "out"

    @cached_property
    def has_files(self) -> bool:
        """Whether it reads or writes any, so that it needs a place for them."""
        return any(isinstance(p.type, FileIn | FileOut | FolderOut) for p in self._params)

    @property
    def is_known(self) -> bool:
        """Whether every path that it takes is one that is uploaded or answered."""
        paths = (p for p in self._params if isinstance(p.type, click.Path | click.File))
        return all(isinstance(p.type, FileIn | FileOut | FolderOut) for p in paths)

    @property
    def _params(self) -> list[click.Parameter]:
        left_out = OURS | self.without
        hidden = (p for p in self.command.params if not p.expose_value)
        unseen = left_out | {p.name for p in hidden}
        return [p for p in self.command.params if p.name not in unseen]

    @staticmethod
    def _is_answer(one: click.Parameter) -> bool:
        return isinstance(one.type, FileOut) and one.required

    @cached_property
    def model(self) -> type[Asked]:
        """What a caller says, as a model with the command line's bounds and help."""
        fields: dict[str, Any] = {
            f"f_{one.name}": _field(name, one)
            for name, one in self.taken.items()
            if not isinstance(one.type, FileIn)
        }
        if not self.changes:
            words = "Most rows of a table in one answer; 'next' leads to those after them."
            fields["limit"] = (
                int, Field(default=USUAL_ROWS, ge=1, le=MOST_ROWS, description=words)
            )  # fmt: skip
        words = "".join(part.title() for part in self.name.split("-"))
        kind = "Asked" if self.changes else "Looked"
        return create_model(f"{words}{kind}", __base__=Asked, **fields)

    def arguments(
        self, asked: Asked, uploaded: Mapping[str, Sequence[Path]], out: Path, form: str
    ) -> list[str]:
        """What was asked, as the command line would have it.

        Parameters
        ----------
        asked : Asked
            Of this verb's `model`.
        uploaded : mapping
            Files by the parameter that they were uploaded for.
        out : Path
            The folder that files are written to.
        form : str
            Ending of the file that is the answer.
        """
        options: list[str] = []
        positional: list[str] = []
        for name, one in self.taken.items():
            value = uploaded.get(name) or getattr(asked, f"f_{one.name}", None)
            if value is None or value == []:
                continue
            if isinstance(one.type, FileOut):  # a second file: asked for by yes or no
                value = out / f"{name.replace('_', '-')}{form}" if value else None
                if value is None:
                    continue
            texts = [_text(each) for each in value] if isinstance(value, list) else None
            if isinstance(one, click.Argument):
                positional += texts if texts is not None else [_text(value)]
            else:
                options += _option(one, value, texts)
        if self.answer is not None:
            folder = isinstance(self.answer.type, FolderOut)
            target = str(out / self.name if folder else out / f"{self.name}{form}")
            if isinstance(self.answer, click.Argument):
                positional.append(target)
            else:
                options.append(f"{spelled(self.answer)}={target}")
        return [*options, "--json", "--", *positional]


def _is_folder(one: click.Parameter) -> bool:
    return isinstance(one.type, FolderOut)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _option(one: click.Parameter, value: object, texts: list[str] | None) -> list[str]:
    if isinstance(one, click.Option) and one.is_flag:
        if value:
            return [spelled(one)]
        return [max(one.secondary_opts, key=len)] if one.secondary_opts else []
    return [f"{spelled(one)}={each}" for each in (texts or [_text(value)])]


def _field(name: str, one: click.Parameter) -> Any:
    """A parameter as a field of the model: its kind, bounds and help."""
    kind, bounds = _kind(one)
    words = str(getattr(one, "help", None) or "")
    if getattr(one, "metavar", None):
        words = f"{one.metavar}: {words}"
    more: dict[str, Any] = {"description": words, "alias": name}
    if one.multiple if isinstance(one, click.Option) else one.nargs == -1:
        of_list: Any = list
        many = of_list[_ANNOTATED[kind, Field(**bounds)]]
        if one.required:
            return (many, Field(**more, min_length=1, max_length=MOST_VALUES))
        return (many, Field(**more, default_factory=list, max_length=MOST_VALUES))
    if one.required:
        return (kind, Field(**more, **bounds))
    return (kind | None, Field(default=None, **more, **bounds))


def _kind(one: click.Parameter) -> tuple[Any, dict[str, Any]]:
    """The type of a parameter's values, and what they are held to."""
    match one.type:
        case FileOut():
            return bool, {}
        case click.Choice() as choice:
            return Literal[tuple(str(each) for each in choice.choices)], {}
        case click.IntRange() | click.FloatRange() as among:
            kind = int if isinstance(among, click.IntRange) else float
            low, high = among.min, among.max
            bounds = {"ge": low} if low is not None else {}
            bounds |= {"le": high if high is not None else LARGEST_WHOLE}
            return kind, bounds
        case click.DateTime():
            return dt.date, {}
        case kind if kind is click.BOOL or getattr(one, "is_flag", False):
            return bool, {}
        case kind if kind is click.INT:
            return int, {"ge": -LARGEST_WHOLE, "le": LARGEST_WHOLE}
        case kind if kind is click.FLOAT:
            return float, {"allow_inf_nan": False}
        case _:
            return str, {"max_length": LONGEST}


def registry() -> Mapping[str, click.Command]:
    """Every verb that there is: whatever hangs itself on the command line."""
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}")
    return main.commands


def catalogue() -> list[Verb]:
    """Every verb that programs have, by name; one that shows and changes, twice."""
    found: list[Verb] = []
    for name, command in sorted(registry().items()):
        if name in ABSENT:
            continue
        if name in READS or name in LOOKS:
            found.append(
                Verb(command, name, changes=False, without=LOOKS.get(name, frozenset()))
            )
        if name not in READS:
            found.append(Verb(command, name, changes=True))
    return [verb for verb in found if verb.is_known]

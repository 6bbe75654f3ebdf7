"""What is stated and asked of a file of others, in words: for a command line and a page.

A command line cannot be asked back, so what a file leaves open becomes a refusal that names
the option that answers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data import looking, parsing
from data.looking import Look, Question
from data.shapes import Join, Reading
from data.tables import TABLES
from forecasting.errors import BadFiles, OutOfBounds, Problem, Refused
from forecasting.intake import matching, proposals
from forecasting.intake.proposals import NOTHING, Proposal, Wish
from forecasting.intake.sources import Mapped, Sources

OF_READING = ("encoding", "delimiter", "sheet", "header", "totals")
"""Answers that change how a file is read; all others change what is made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """What a command says of a file beside its name."""

    table: str = ""
    read: tuple[str, ...] = ()
    """KEY=CHOICE."""
    columns: tuple[str, ...] = ()
    """OURS=THEIRS; OURS= leaves it out."""
    constants: tuple[str, ...] = ()
    """OURS=VALUE."""
    factors: tuple[str, ...] = ()
    """OURS=NUMBER or OURS=COLUMN."""
    values: tuple[str, ...] = ()
    """OURS:THEIR WORD=OUR WORD."""
    leave_out: tuple[str, ...] = ()
    """COLUMN=VALUE; VALUE* is what begins with it, blank what holds nothing."""
    keep: tuple[str, ...] = ()
    """COLUMN=VALUE of rows that count, though it was proposed to leave them out."""
    on: str = ""
    """LEFT=RIGHT: the columns by which a second file joins."""
    replaces: str = ""
    added_up: bool = False

    @property
    def is_anything(self) -> bool:
        """Whether anything is stated."""
        return self != FileOptions()


def pairs(told: Sequence[str], option: str) -> dict[str, str]:
    """NAME=VALUE, taken apart.

    Raises
    ------
    OutOfBounds
    """
    found = {}
    for text in told:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise OutOfBounds(f"{option} takes NAME=VALUE; found '{text[:100]}'.")
        found[name.strip()] = value.strip()
    return found


def each(told: Sequence[str], option: str) -> list[tuple[str, str]]:
    """NAME=VALUE, taken apart; a name may come more than once.

    Raises
    ------
    OutOfBounds
    """
    return [next(iter(pairs([text], option).items())) for text in told]


def wish_of(options: FileOptions) -> Wish:
    """What a command wishes, as proposals take it.

    Raises
    ------
    OutOfBounds
    """
    values: dict[str, dict[str, str]] = {}
    for key, ours in pairs(options.values, "--value").items():
        target, sign, theirs = key.partition(":")
        if not sign:
            raise OutOfBounds(f"--value takes OURS:WORD=OUR WORD; found '{key[:100]}'.")
        values.setdefault(target, {})[theirs] = ours
    factors = pairs(options.factors, "--factor")
    read = pairs(options.read, "--read")
    read |= {f"factor:{target}": told for target, told in factors.items()}
    factors |= {
        key.partition(":")[2]: told for key, told in read.items() if key.startswith("factor:")
    }
    return Wish(
        columns=pairs(options.columns, "--column"),
        constants=pairs(options.constants, "--constant"),
        answers={k: v for k, v in read.items() if k not in OF_READING},
        factors=factors,
        values=values,
    )


def reading_of(answers: Mapping[str, str]) -> Reading:
    """How a file is to be read, by what was answered.

    Raises
    ------
    BadFiles
    """
    reading = Reading()
    for key, choice in answers.items():
        if key in OF_READING:
            reading = looking.told(reading, key, choice)
    return reading


def mapped(
    known: Sources, by: str, paths: Sequence[Path], name: str, options: FileOptions
) -> tuple[Mapped, list[str]]:
    """A file under a source's name: the source as it is, or as it is stated now, and kept.

    Returns
    -------
    Mapped, list of str
        And what was taken for settled, in words.

    Raises
    ------
    BadFiles
        Naming what two readings of the file differ in, with the option that answers it.
    """
    first, second = _two(paths)
    is_known = any(one.name == name for one in known.all)
    if is_known and not options.is_anything:
        shape = known.one(name).shape
        return Mapped(path=first, shape=shape, second=second), []
    if not is_known and not options.table:
        known.one(name)  # says which there are
    with parsing.private_folder() as folder:
        read = reading_of(pairs(options.read, "--read"))
        look = known.look(by, first, folder, reading=read)
        other = known.look(by, second, folder) if second else None
        proposal = proposed(look, options, other=other)
    if proposal.questions or proposal.missing:
        raise BadFiles(open_ends(look, proposal))
    known.save(by, name, proposal.shape)
    mapped = Mapped(path=first, shape=proposal.shape, second=second)
    return mapped, [f"{look.label}: {look.sentence}", *proposal.settled]


def proposed(look: Look, options: FileOptions, *, other: Look | None = None) -> Proposal:
    """A proposal, with all that is stated laid over it.

    Raises
    ------
    OutOfBounds
    """
    table = options.table or matching.likely_table(look)
    if table not in TABLES:
        raise OutOfBounds(f"'{table[:60]}' is no table: {', '.join(TABLES)}.")
    join = _join(options.on, other)
    made = proposals.propose(
        look, table, wish=wish_of(options) if options.is_anything else NOTHING, second=other,
        join=join,
    )  # fmt: skip
    shape = made.shape
    if options.replaces:
        shape = replace(shape, replaces=options.replaces)
    keep = set(each(options.keep, "--keep"))
    out = dict.fromkeys((*shape.leave_out, *each(options.leave_out, "--leave-out")))
    shape = replace(shape, leave_out=tuple(one for one in out if one not in keep))
    if options.added_up:
        shape = replace(shape, added_up=True)
    return replace(made, shape=shape)


def _join(on: str, other: Look | None) -> Join | None:
    if other is None:
        return None
    left, _, right = on.partition("=")
    if not left.strip():
        raise Refused(
            f"Two files were given. Say by which columns {other.label} joins the first: "
            "--on THEIRS=ITS."
        )
    reading = replace(other.reading, header=0, encoding="")
    return Join(
        name=other.path.stem[:60], left=left.strip(), right=(right or left).strip(),
        reading=reading,
    )  # fmt: skip


def _two(paths: Sequence[Path]) -> tuple[Path, Path | None]:
    if not 1 <= len(paths) <= 2:
        raise Refused("A source reads one file, or one and a second that joins it.")
    return paths[0], paths[1] if len(paths) == 2 else None


def open_ends(look: Look, proposal: Proposal) -> list[Problem]:
    """What is not settled, as problems that say which option settles it."""
    found = [_as_problem(look, question) for question in proposal.questions]
    for name in proposal.missing:
        columns = ", ".join(look.header[:12])
        found.append(
            Problem(
                file=look.label, line=None, column=name,
                found=f"no column that is it by name and content (columns {columns})",
                expected=f"--column {name}=THEIRS or --constant {name}=VALUE",
            )
        )  # fmt: skip
    return found


def _as_problem(look: Look, question: Question) -> Problem:
    options = " or ".join(f"--read '{question.key}={choice}'" for choice, _ in question.choices)
    return Problem(
        file=look.label, line=None, column="",
        found=f"more than one reading. {question.sentence}", expected=options,
    )  # fmt: skip


def listed(known: Sources) -> list[str]:
    """Every source in a line."""
    return [f"{one.name}: {one.sentence}" for one in known.all] or ["There are no sources yet."]

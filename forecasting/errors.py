"""Every way in which Concord says no.

One tree in one file. The command line turns a `Refused` into exit code 2 and any other
exception into exit code 1; a page shows `title` as the heading and the message below.
A message says what was expected, what was found and what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class ConcordError(Exception):
    """Anything that Concord raises on purpose."""

    title = "Something went wrong"


class Refused(ConcordError):
    """The input or the request was refused; nothing was changed."""

    title = "Not done"


class NotAllowed(Refused):
    """The person's function does not have this right."""

    title = "Not yours to change"


class Outside(NotAllowed):
    """Something lies outside the part of the company that the person may change.

    Parameters
    ----------
    message : str
    where : tuple of str
        What lies outside, in words.
    """

    title = "Outside your part"

    def __init__(self, message: str, where: Sequence[str] = ()) -> None:
        self.where = tuple(where)
        super().__init__(message)


class UnknownName(Refused):
    """A SKU, door, activation, person or event that does not exist."""

    title = "Not found"


class OutOfBounds(Refused):
    """A value, week or scope outside what can be planned."""

    title = "Out of bounds"


class ImpossibleSpread(Refused):
    """A total that its leaves cannot add up to."""

    title = "This total cannot be spread"


class NoForecast(Refused):
    """Something needs a forecast before any was made."""

    title = "No forecast yet"


class DatabaseBusy(Refused):
    """Another process holds the database file."""

    title = "The database is in use"


class NoDatabase(Refused):
    """There is no database where one was asked for."""

    title = "No such database"


class NotOurs(Refused):
    """A file that Concord must not write to: another program's, a newer version's, or torn."""

    title = "Not a database that can be used"


class StorageFailed(Refused):
    """The disk or the database could not do what was asked; it may later."""

    title = "Not saved"


class Rebuilding(Refused):
    """The plan in memory is being made anew from the ledger."""

    title = "One moment"


class JobRunning(Refused):
    """Long work was asked for while work of its kind is under way."""

    title = "Already under way"


class JobFailed(Refused):
    """Long work failed; what was in force before stays in force.

    Parameters
    ----------
    message : str
    facts : mapping
        What the log may have of it (faults.for_log); never what files hold.
    """

    title = "It did not finish"

    def __init__(self, message: str, facts: Mapping[str, str]) -> None:
        self.facts = dict(facts)
        super().__init__(message)


class Conflict(Protocol):
    """A change of the same cells by somebody else (consensus.events has the one there is)."""

    @property
    def theirs(self) -> Any:
        """Their event."""

    @property
    def name(self) -> str:
        """Who it was."""

    @property
    def now(self) -> float:
        """What the cells hold now."""

    @property
    def sentence(self) -> str:
        """Who did what, and what stands now."""


class Conflicted(Refused):
    """Somebody else changed the same cells after this person last looked."""

    title = "Changed by somebody else"

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        self.conflicts = tuple(conflicts)
        super().__init__("; ".join(conflict.sentence for conflict in self.conflicts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a file that was offered for import."""

    file: str
    """File name, with the sheet for a workbook."""
    line: int | None
    """Line of the file (row of the sheet, row of the Parquet table); None: the file."""
    column: str
    """Column name, or '' where the whole line is meant."""
    found: str
    expected: str
    count: int = 1
    """How many lines have this same kind of problem, this one included."""

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}, line {self.line}"
        if self.column:
            where += f", column {self.column}"
        more = f" (and {self.count - 1:,} more like it)" if self.count > 1 else ""
        return f"{where}: found {self.found}, expected {self.expected}{more}"


class BadFiles(Refused):
    """Files that cannot be imported as they are."""

    title = "Nothing was imported"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Cancelled(Refused):
    """Somebody stopped it; what was in force before stays in force."""

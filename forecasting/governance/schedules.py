"""Schedules: what the app does by itself, when, and under whose rights.

A schedule belongs to whoever saved it last. It is carried out under what that person may do
at the moment when it runs, so that whoever was taken out, or has another function now, has
nothing done any more. Who carries it out, and when, is outputs/clockwork.py's business.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from data import schedule_runs
from data.schedule_runs import ScheduleRun
from forecasting import conventions
from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.word import ScheduleSaved
from forecasting.errors import OutOfBounds, Refused, UnknownName
from forecasting.governance import addresses
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector
from forecasting.governance.timetable import EVERY_DAY, Timetable

LONGEST = 60
"""Characters of a schedule's name."""
LONGEST_OPTION = 2_000
MOST = 50
"""Schedules of a company: they run one at a time."""
CUT = (
    "Concord ended while it was under way. What was in force before stays in force; run it "
    "again if it is needed before its next time."
)


class Does(StrEnum):
    """What a schedule does."""

    IMPORT = "import"
    REFRESH = "refresh"
    REPLAY = "replay"
    DIGEST = "digest"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return _LABELS[self]

    @property
    def right(self) -> str:
        """What its maker has to have when it runs."""
        return _RIGHTS[self]


_LABELS = {
    Does.IMPORT: "Import files", Does.REFRESH: "Refresh the forecast",
    Does.REPLAY: "Replay past weeks", Does.DIGEST: "Send digests",
}  # fmt: skip
_RIGHTS = {
    Does.IMPORT: "import", Does.REFRESH: "refresh", Does.REPLAY: "backtest",
    Does.DIGEST: "schedule",
}  # fmt: skip
OPTIONS: Mapping[Does, tuple[str, ...]] = {
    Does.IMPORT: ("folder", "from", "source", "statement", "table", "secret"),
    Does.REFRESH: ("full",),
    Does.REPLAY: ("weeks_ahead", "last"),
    Does.DIGEST: (),
}
"""What each may be told besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One schedule, as it stands."""

    seq: int
    name: str
    does: Does
    when: Timetable
    options: Mapping[str, str] = field(default_factory=dict)
    person: str
    """Who saved it last: their rights count."""
    saved_at: dt.datetime
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A schedule that was not carried out the last time."""

    schedule: Schedule
    run: ScheduleRun

    @property
    def text(self) -> str:
        """In one line."""
        how = "was cut short" if self.run.state == "cut" else "failed"
        return f"The schedule {self.schedule.name} {how}: {self.run.told}"


@verbs
class Schedules(Projector[Mapping[str, Schedule]]):
    """Verbs of schedules.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.SCHEDULE,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._asked: list[str] = []
        """Schedules that somebody wants run now, in that order."""
        self._live: set[str] = set()
        """Runs that this process is at: all others without an end were cut short."""
        self._runs: dict[str, list[ScheduleRun]] = {}
        for run in schedule_runs.every(desk.store):
            self._runs.setdefault(run.schedule, []).append(run)
        self.take_up(desk.ledger)

    def _begin(self) -> Mapping[str, Schedule]:
        return {}

    def _with(
        self, state: Mapping[str, Schedule], events: Sequence[Event]
    ) -> Mapping[str, Schedule]:
        now = dict(state)
        for event in events:
            told = event.told(ScheduleSaved)
            if told.removed:
                now.pop(told.name, None)
                continue
            now[told.name] = Schedule(
                seq=event.seq, name=told.name, does=Does(told.does),
                when=Timetable.of(told.at, told.days), options=told.options,
                person=event.person, saved_at=event.recorded_at, paused=told.paused,
            )  # fmt: skip
        return now

    # Reading ----------------------------------------------------------------------------

    @property
    def all(self) -> list[Schedule]:
        """Every schedule, in the order of their times of day."""
        return sorted(self._state.values(), key=lambda one: (one.when.at, one.name))

    def one(self, name: str) -> Schedule:
        """The schedule of a name.

        Raises
        ------
        UnknownName
        """
        if name not in self._state:
            known = ", ".join(sorted(self._state)[:10]) or "none yet"
            raise UnknownName(f"There is no schedule '{name[:LONGEST]}'; there are: {known}.")
        return self._state[name]

    def runs(self, name: str) -> list[ScheduleRun]:
        """What became of it, latest first."""
        return [self._as_it_is(run) for run in reversed(self._runs.get(name, []))]

    def last(self, name: str) -> ScheduleRun | None:
        """What became of it last; None where it has not run."""
        return next(iter(self.runs(name)), None)

    def next_run(self, schedule: Schedule) -> dt.datetime | None:
        """When it runs next, UTC without a zone; None while it is paused."""
        if schedule.paused:
            return None
        return schedule.when.after(self._desk.now, conventions.in_force().zone)

    @property
    def failures(self) -> list[Failure]:
        """Schedules whose last run failed or was cut short, latest first."""
        found = [(one, self.last(one.name)) for one in self.all]
        failed = [
            Failure(schedule=one, run=run)
            for one, run in found
            if run is not None and run.state in ("failed", "cut")
        ]
        return sorted(failed, key=lambda f: f.run.begun, reverse=True)

    def due(self) -> list[tuple[Schedule, dt.datetime | None]]:
        """What is to be run now and since when: what was asked for first, then by the clock.

        Of times that passed while nobody was there, the latest counts: it is caught up once.
        """
        now, zone = self._desk.now, conventions.in_force().zone
        with self._lock:
            asked = [self._state[name] for name in self._asked if name in self._state]
        found: list[tuple[dt.datetime, Schedule]] = []
        for one in self._state.values():
            at = one.when.last(now, zone)
            known = [run.due for run in self._runs.get(one.name, []) if run.due is not None]
            if not one.paused and at > max([one.saved_at, *known]):
                found.append((at, one))
        clock = sorted(found, key=lambda pair: (pair[0], pair[1].name))
        return [*((one, None) for one in asked), *((one, at) for at, one in clock)]

    # Saving -----------------------------------------------------------------------------

    def save(
        self,
        by: str,
        name: Name,
        does: Does,
        *,
        at: Name,
        days: Sequence[int] = EVERY_DAY,
        options: Mapping[str, str] | None = None,
    ) -> Event:
        """Keep a schedule under a name; the one of that name gives way.

        Parameters
        ----------
        at : str
            Time of day where the company is, '03:15'.
        days : sequence of int
            Days of the week, 0 is Monday.
        options : mapping, optional
            What it is told besides (`OPTIONS`).

        Raises
        ------
        NotAllowed, OutOfBounds
        """
        actor = self._desk.allowed(by, "schedule")
        self._desk.allowed(by, does.right)
        name = name.strip()
        if not 0 < len(name) <= LONGEST:
            raise OutOfBounds(f"The name of a schedule has 1 to {LONGEST} characters.")
        when = Timetable.of(at, tuple(days))
        kept = _checked(does, options or {})
        if kept.get("from") is not None:
            self._desk.allowed(by, "schedule from an address")
        body = ScheduleSaved(
            name=name, does=does.value, at=f"{when.at:%H:%M}", days=when.days, options=kept
        )

        def prepare() -> Event:
            had = self._state.get(name)
            if had is not None:
                self._may_change(by, had)
            elif len(self._state) >= MOST:
                raise OutOfBounds(f"There are at most {MOST} schedules. Remove one first.")
            return self._desk.event(actor, body)

        return self._desk.submit(prepare)

    def pause(self, by: str, name: Name, *, paused: bool = True) -> Event:
        """Let a schedule rest, or go on: what it missed meanwhile is not caught up.

        Whoever lets it go on has made it theirs.

        Raises
        ------
        NotAllowed, UnknownName, Refused
        """
        actor = self._desk.allowed(by, "schedule")

        def prepare() -> Event:
            had = self.one(name)
            self._may_change(by, had)
            if had.paused == paused:
                raise Refused(f"'{name}' is {'paused' if paused else 'not paused'} already.")
            return self._desk.event(actor, replace(_body(had), paused=paused))

        return self._desk.submit(prepare)

    def remove(self, by: str, name: Name) -> Event:
        """Take a schedule away; what it did stays.

        Raises
        ------
        NotAllowed, UnknownName
        """
        actor = self._desk.allowed(by, "schedule")

        def prepare() -> Event:
            had = self.one(name)
            self._may_change(by, had)
            return self._desk.event(actor, replace(_body(had), removed=True))

        return self._desk.submit(prepare)

    def run_now(self, by: str, name: Name) -> Schedule:
        """Have a schedule run as soon as nothing else does, under its maker's rights.

        Raises
        ------
        NotAllowed, UnknownName, Refused
        """
        self._desk.allowed(by, "schedule")
        found = self.one(name)
        self._may_change(by, found)
        with self._lock:
            if name in self._asked or self._is_live(name):
                raise Refused(f"'{name}' is under way or waits for its turn already.")
            self._asked.append(name)
        return found

    # Running ----------------------------------------------------------------------------

    def begin(self, schedule: Schedule, due: dt.datetime | None) -> ScheduleRun:
        """Write that a run begins, before any of its work."""
        run = ScheduleRun(
            run=uuid.uuid4().hex, schedule=schedule.name, due=due, begun=self._desk.now
        )
        schedule_runs.begin(self._desk.store, run)
        with self._lock:
            self._live.add(run.run)
            self._runs.setdefault(schedule.name, []).append(run)
            if due is None and schedule.name in self._asked:
                self._asked.remove(schedule.name)
        return run

    def end(self, run: ScheduleRun, *, failed: bool, told: str, mark: str = "") -> None:
        """Write how a run ended."""
        ended = replace(
            run, ended=self._desk.now, state="failed" if failed else "done", told=told,
            mark=mark,
        )  # fmt: skip
        try:
            schedule_runs.end(self._desk.store, ended)
        finally:  # memory says it in any case; where the file does not, it was cut short
            with self._lock:
                self._live.discard(run.run)
                mine = self._runs[run.schedule]
                mine[:] = [ended if r.run == run.run else r for r in mine]
                del mine[: -schedule_runs.KEPT]

    def put_off(self, run: ScheduleRun) -> None:
        """Take a run back of which nothing was done: it stays due."""
        schedule_runs.forget(self._desk.store, run)
        with self._lock:
            self._live.discard(run.run)
            mine = self._runs[run.schedule]
            mine[:] = [r for r in mine if r.run != run.run]
            if run.due is None:
                self._asked.append(run.schedule)

    def is_last_mark(self, name: str, mark: str) -> bool:
        """Whether the last run that was done worked on the same."""
        done = next((run for run in self.runs(name) if run.state == "done"), None)
        return done is not None and bool(mark) and done.mark == mark

    def _is_live(self, name: str) -> bool:
        return any(run.run in self._live for run in self._runs.get(name, []))

    def _as_it_is(self, run: ScheduleRun) -> ScheduleRun:
        if run.state != "running" or run.run in self._live:
            return run
        return replace(run, state="cut", told=CUT)

    def _may_change(self, by: str, had: Schedule) -> None:
        """Whoever changes or runs it has to have the rights that it runs under."""
        self._desk.allowed(by, had.does.right)
        if had.options.get("from") is not None:
            self._desk.allowed(by, "schedule from an address")


def _body(had: Schedule) -> ScheduleSaved:
    return ScheduleSaved(
        name=had.name, does=had.does.value, at=f"{had.when.at:%H:%M}", days=had.when.days,
        options=had.options,
    )  # fmt: skip


def _checked(does: Does, options: Mapping[str, str]) -> dict[str, str]:
    kept = {key: value.strip() for key, value in options.items() if value.strip()}
    unknown = sorted(set(kept) - set(OPTIONS[does]))
    if unknown:
        known = ", ".join(OPTIONS[does]) or "nothing besides its time"
        raise OutOfBounds(
            f"'{unknown[0][:40]}' is nothing that {does} is told; it is: {known}."
        )
    for key, value in kept.items():
        if len(value) > LONGEST_OPTION:
            raise OutOfBounds(f"'{key}' has at most {LONGEST_OPTION} characters.")
    if does is Does.IMPORT:
        _check_origin(kept)
    for key, most in (("weeks_ahead", 12), ("last", 104)):
        if key in kept and not (kept[key].isdigit() and 1 <= int(kept[key]) <= most):
            raise OutOfBounds(
                f"'{key}' is a number from 1 to {most}; found '{kept[key][:20]}'."
            )
    return kept


def _check_origin(kept: dict[str, str]) -> None:
    """Refuse an import that does not say where from, or says it with a secret in it."""
    if ("from" in kept) == ("folder" in kept):
        raise OutOfBounds(
            "Say where the files come from: either a folder within the one for files that "
            "come in ('.' is that one), or an address of Admin's."
        )
    if "folder" in kept:
        addresses.incoming(kept["folder"])
        if set(kept) & {"statement", "secret"}:
            raise OutOfBounds(
                "Only a database is asked by SQL, and only an address has a secret."
            )
        return
    kept["from"] = addresses.check_address(kept["from"], is_database="statement" in kept)
    if "statement" in kept and "table" not in kept and "source" not in kept:
        raise OutOfBounds("Say which of our tables the rows are, or which source reads them.")
    if "secret" in kept:
        kept["secret"] = addresses.check_secret(kept["secret"])

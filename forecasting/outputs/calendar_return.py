"""A marketing calendar that went out and came back: what differs, and what becomes of it.

Every row or event is compared with the activation that it is of, as that stood when the file
went out: what somebody else changed since stays. What differs is a list of changes, each with
what it is worth. Of those that are taken, who may decide it changes the calendar; who may not
proposes it to who does. Nothing is changed before it was seen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, BinaryIO

from data import came_back, leaving
from data.came_back import Row
from forecasting import conventions
from forecasting.arguments import AsMade, Name, verb
from forecasting.calendar import as_date
from forecasting.consensus.activations import CANCELLED, Activation
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.body import CalendarEdit
from forecasting.consensus.events.proposals import ChangeProposed, Worth, holders
from forecasting.errors import ConcordError, OutOfBounds, Problem, Refused
from forecasting.governance.desk import Request, checked_note
from forecasting.intake import proposing
from forecasting.intake.signed_work import Signed, departments_of
from forecasting.outputs.calendar_rows import item_of, plain, stated
from forecasting.outputs.marketing_calendar import NAMESPACE, identity_of
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.weekly import ground
from forecasting.weekly.activations import Known
from forecasting.weekly.proposed import Proposal
from forecasting.workspace import Workspace

MOST_WORTHS = 50
"""Changes of one file whose worth is worked out; of the rest it is not stated."""
LOCKS_BEFORE = dt.timedelta(14)
"""Between the lock date and the first day, where a new activation states none."""
SIGNED = proposing.RIGHT


class What(StrEnum):
    """What a change does to an activation."""

    NEW = "new"
    MOVED = "moved"
    CHANGED = "changed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return self.value.capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One activation that the file has otherwise."""

    place: str
    """Where in the file, in words; '' where it is not in it."""
    before: Activation | None
    """As it stands; None: it is new."""
    after: Activation
    text: str
    worth: Worth | None
    """What it does to demand; None: not worked out."""
    right: str
    """The right that it takes to decide it."""
    is_ours: bool
    """Whether the person has that right: it is changed at once. Else it is proposed."""
    concern: str = ""
    """What speaks against taking it without a second look."""
    refusal: str = ""
    """Why it cannot be taken."""

    @property
    def identity(self) -> str:
        """Of the activation: what the line is taken by."""
        return self.after.activation

    @property
    def what(self) -> What:
        """What it does, in a word."""
        if self.before is None:
            return What.NEW
        if self.before.is_live and not self.after.is_live:
            return What.CANCELLED
        days = (self.before.start, self.before.end) != (self.after.start, self.after.end)
        return What.MOVED if days else What.CHANGED

    @property
    def becomes(self) -> str:
        """What becomes of it when it is taken, in words."""
        if self.refusal:
            return "Cannot be taken"
        return "Changed at once" if self.is_ours else f"Proposed to {holders(self.right)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A file that came back, judged."""

    name: str
    seq: int
    """Number of the last event that was known."""
    lines: tuple[Line, ...]
    unchanged: int
    """Rows that say what the calendar says."""
    problems: tuple[Problem, ...]
    """What is wrong with rows that cannot be read; they are in no line."""

    @property
    def usual(self) -> tuple[str, ...]:
        """What is taken where nobody chooses: all that nothing speaks against."""
        return tuple(e.identity for e in self.lines if not (e.concern or e.refusal))


@verb
def judge(
    space: Workspace,
    by: str,
    file: BinaryIO,
    name: str,
    *,
    missing: bool = False,
    kind: Name = "",
) -> Returned:
    """What a calendar that came back has otherwise; nothing is changed.

    Parameters
    ----------
    name : str
        Of the file; its ending says how it is read.
    missing : bool
        Whether an activation in the days of the file that is not in it shall be cancelled.
    kind : str
        Type of new activations that state none.

    Raises
    ------
    NotAllowed, NoForecast
    BadFiles
        If the file as a whole cannot be read.
    """
    actor, seq = space.desk.allowed(by, "propose"), space.seq
    rows = came_back.read(file, name, zone=conventions.in_force().zone)
    judging = _Judging(space=space, actor=actor, plan=space.working_plan_for(by), kind=kind)
    for row in rows:
        judging.take(row)
    if missing:
        judging.take_missing(rows)
    return Returned(
        name=name[-100:], seq=seq, lines=tuple(judging.lines), unchanged=judging.unchanged,
        problems=tuple(judging.problems),
    )  # fmt: skip


@verb
def apply(
    space: Workspace,
    by: str,
    returned: AsMade[Returned],
    *,
    take: Sequence[Name],
    note: str = "",
) -> list[Event]:
    """Change or propose what was chosen: all of it, or nothing.

    Parameters
    ----------
    take : sequence of str
        Identities of activations, each of a line.

    Raises
    ------
    NotAllowed, Outside, OutOfBounds
    Conflicted
        If somebody else changed one of them since.
    Refused
        If nothing is chosen, or one cannot be taken.
    """
    actor, words = space.desk.allowed(by, "propose"), checked_note(note)
    lines = {line.identity: line for line in returned.lines}
    if unknown := sorted(set(take) - lines.keys()):
        raise OutOfBounds(f"The file changes no activation '{unknown[0][:80]}'.")
    chosen = [lines[identity] for identity in dict.fromkeys(take)]
    for line in chosen:
        if line.refusal:
            raise Refused(f"{line.after.name} cannot be taken: {line.refusal}")
    source = words or f"From {returned.name}"
    signed = space.imports.signed()
    asked = [
        _saving(space, actor, returned, line, signed=signed, words=source)
        for line in chosen if line.is_ours
    ]  # fmt: skip
    for right in dict.fromkeys(line.right for line in chosen if not line.is_ours):
        asked += proposing.requests(
            space.desk, actor,
            [(e.before, e.after) for e in chosen if not e.is_ours and e.right == right],
            calendar=space.calendar, proposals=space.proposals, plan=space.working_plan_for,
            summary=returned.name, right=right, note=words,
        )  # fmt: skip
    if not asked:
        raise Refused("Nothing of this file is chosen that is not proposed already.")
    return space.desk.submit_all(asked, touches=frozenset())


def _saving(
    space: Workspace,
    actor: Person,
    returned: Returned,
    line: Line,
    *,
    signed: Signed | None,
    words: str,
) -> tuple[Request, Callable[[], Event]]:
    """The change of one activation, when its turn comes."""
    # Decided anew: what was judged may have been handed on to somebody else.
    if not actor.may(line.right) or line.right != _right_of(signed, line.before, line.after):
        raise Refused("This was judged for somebody else. Give the file again.")
    told = (actor.id, returned.seq, line.identity, repr(line.after))
    client = f"calendar:{hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()}"

    def prepare() -> Event:
        now = space.calendar.at(line.identity)
        after = ground.rebased(line.before, line.after, now)
        space.calendar.check(after)
        return space.calendar.saved(actor, after, seen=returned.seq, words=words)

    return Request.of(client, actor, Kind.ACTIVATION), prepare


def _right_of(signed: Signed | None, before: Activation | None, after: Activation) -> str:
    """What it takes to decide a change that came with a file."""
    return SIGNED if departments_of(before, after, signed) else "activation"


# Judging --------------------------------------------------------------------------------


@dataclass(kw_only=True)
class _Judging:
    """What has been read of a file so far."""

    space: Workspace
    actor: Person
    plan: LivePlan
    kind: str
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unchanged: int = 0
    taken: dict[str, Row] = field(default_factory=dict)
    """Identity to the row that spoke of it."""

    def take(self, row: Row) -> None:
        """Judge one row."""
        if row.is_event and row.uid in self._deadlines:
            return  # a day by which to decide is ours to work out
        if row.problems:
            self.problems += row.problems
            return
        known, identity = self._known_of(row)
        if identity in self.taken:
            earlier = self.taken[identity]
            self.problems.append(
                row.problem(
                    "UID" if row.is_event else came_back.IDENTITY,
                    f"the activation of line {earlier.line} again", "each activation once",
                )
            )  # fmt: skip
            return
        self.taken[identity] = row
        if known is None:
            self._take_new(row, identity)
        else:
            self._take_known(row, known)

    def take_missing(self, rows: Sequence[Row]) -> None:
        """What stands in the days of the file and is not in it is to be cancelled."""
        days = [d for r in rows for d in (r.values.get("start"), r.values.get("end")) if d]
        here = {a.activation for a in self.space.calendar.activations} & self.taken.keys()
        if not days or not here:
            raise Refused(
                "None of its rows is an activation that is here: nothing is cancelled because "
                "it is missing from such a file."
            )
        # A row that could not be read is no row that is missing.
        unread = {one.file for one in self.problems}
        if unread:
            raise Refused(
                "Some rows cannot be read: what is missing is not known. Mend them first, or "
                "do not ask to cancel what is missing."
            )
        # What went out from here held all from now on; of another file only its days are known.
        is_ours = any(row.as_of is not None for row in rows)
        first = self._begins if is_ours else max(min(days), self._begins)
        for one in self.space.calendar.activations:
            is_inside = one.start <= max(days) and one.end >= first
            if one.is_live and is_inside and one.activation not in self.taken:
                self._add("", one, one.cancelled(), "")

    # Which activation a row is of --------------------------------------------------------

    def _known_of(self, row: Row) -> tuple[Activation | None, str]:
        """The activation that a row is of, None where it is new, and its identity."""
        if row.is_event:
            known = self._by_uid.get(row.uid)
            identity = f"ICS-{uuid.uuid5(NAMESPACE, row.uid).hex[:12]}"
            known = known or self.space.calendar.at(identity)
        else:
            known = self._by_identity.get(row.identity) if row.identity else None
            told = f"{row.values.get('name')}\x1f{row.values.get('start')}"
            identity = row.identity or f"NEW-{uuid.uuid5(NAMESPACE, told).hex[:12]}"
        known = known or self._named_alike(row)
        return known, known.activation if known else identity

    def _named_alike(self, row: Row) -> Activation | None:
        """The only one of the same name, and the same SKUs if the row states them."""
        same = [
            a for a in self._by_name.get(plain(row.values.get("name")), ())
            if row.items is None or {i.sku for i in row.items} == {i.sku for i in a.items}
        ]  # fmt: skip
        if len(same) > 1:  # every month the same name: of the same days, or another one
            start, end = row.values["start"], row.values["end"]
            same = [a for a in same if a.start <= end and a.end >= start]
        return same[0] if len(same) == 1 else None

    @cached_property
    def _begins(self) -> dt.date:
        return as_date(self.plan.base.weeks[0])

    @cached_property
    def _all(self) -> list[Activation]:
        return self.space.calendar.activations

    @cached_property
    def _by_uid(self) -> Mapping[str, Activation]:
        return {identity_of(a.activation, "runs"): a for a in self._all}

    @cached_property
    def _deadlines(self) -> frozenset[str]:
        return frozenset(identity_of(a.activation, "decide") for a in self._all)

    @cached_property
    def _by_identity(self) -> Mapping[str, Activation]:
        defused = {leaving.defused(a.activation): a for a in self._all}
        return defused | {a.activation: a for a in self._all}

    @cached_property
    def _by_name(self) -> Mapping[str, list[Activation]]:
        found: dict[str, list[Activation]] = {}
        for one in self._all:
            if one.end >= self._begins:
                found.setdefault(plain(one.name), []).append(one)
        return found

    @cached_property
    def _types(self) -> frozenset[str]:
        return frozenset(a.type for a in self._all)

    @cached_property
    def _signed(self) -> Signed | None:
        return self.space.imports.signed()

    @cached_property
    def _names(self) -> Known:
        return self.space.calendar.known()

    # What it says ------------------------------------------------------------------------

    def _take_new(self, row: Row, identity: str) -> None:
        told = row.values
        status = told.get("status") or "planned"
        if told.get("is_live") is False or status == CANCELLED:
            self.unchanged += 1  # it is not here and does not take place
            return
        kind = told.get("type") or ""
        if row.is_event and kind not in self._types:
            kind = ""  # programs write colours and folders there
        if not (kind or self.kind):
            column = "CATEGORIES" if row.is_event else "type"
            self.problems.append(
                row.problem(
                    column, repr(told.get("type") or "nothing"),
                    f"a type of activation ({', '.join(sorted(self._types)[:4])} ...) in the "
                    "file, or one for all new ones that state none",
                )
            )  # fmt: skip
            return
        start = told["start"]
        try:
            made = Activation(
                activation=identity, name=told.get("name") or identity, type=kind or self.kind,
                start=start, end=told["end"], status=status, owner=told.get("owner") or "",
                channel=told.get("channel") or "", spend=told.get("spend"),
                lock_date=told.get("lock_date") or start - LOCKS_BEFORE,
                items=tuple(map(item_of, row.items or ())),
            )  # fmt: skip
            self.space.calendar.check(made, self._names)
        except ConcordError as error:
            self.problems.append(row.problem("", str(error), "an activation that can be"))
            return
        self._add(f"line {row.line}", None, made, "")

    def _take_known(self, row: Row, now: Activation) -> None:
        was = self._at(now.activation, row.as_of) or now
        mine = stated(row, was)
        try:
            after = replace(now, **mine)
            self.space.calendar.check(after, self._names)
        except ConcordError as error:
            self.problems.append(row.problem("", str(error), "an activation that can be"))
            return
        if after == now:
            self.unchanged += 1
            return
        both = sorted(n for n in mine if getattr(was, n) != getattr(now, n))
        concern = ""
        if both:
            concern = (
                f"Somebody changed {ground.listed(both)} too, after this file went out: it "
                f"is {', '.join(ground.in_a_word(getattr(now, n)) for n in both)} now."
            )
        self._add(f"line {row.line}", now, after, concern)

    def _at(self, identity: str, seq: int | None) -> Activation | None:
        """An activation as it stood at an event; None where that is not known."""
        if seq is None or not 0 <= seq <= self.space.seq:
            return None
        mine = self._since.get(identity, ())
        later = next((e.body.calendar for e in mine if e.seq > seq), None)
        if isinstance(later, CalendarEdit):
            return later.before
        earlier = [e.body.calendar for e in mine if e.seq <= seq and e.body.calendar]
        return earlier[-1].after if later and earlier else None

    @cached_property
    def _since(self) -> Mapping[str, list[Event]]:
        """Every change of an activation, by it."""
        found: dict[str, list[Event]] = {}
        for event in self.space.ledger.of_kinds(*self.space.calendar.kinds):
            if event.body.calendar is not None:
                found.setdefault(event.body.calendar.activation, []).append(event)
        return found

    def _add(
        self, place: str, before: Activation | None, after: Activation, concern: str
    ) -> None:
        refusal = ""
        last = max(after.end, before.end if before else after.end)
        if last < self._begins:
            refusal = "It is over."
        right = _right_of(self._signed, before, after)
        is_ours = self.actor.may(right)
        for one in self._asked.get(after.activation, ()):
            if one.body.change.after != after:
                continue
            if one.is_open:
                refusal = refusal or f"It is proposed already: #{one.seq} waits for an answer."
            elif one.state == "declined" and not concern:
                who = self.space.desk.person(one.answered_by).name
                concern = f"{who} declined it: {one.answer}"
        worth = None
        if not refusal and len(self.lines) < MOST_WORTHS:
            worth = ground.worth_of(self.plan, before, after)
        self.lines.append(
            Line(
                place=place, before=before, after=after, text=ground.stated_of(before, after),
                worth=worth, right=right, is_ours=is_ours, concern=concern, refusal=refusal,
            )
        )  # fmt: skip

    @cached_property
    def _asked(self) -> Mapping[str, list[Any]]:
        """Proposals of changes of the calendar, by activation, the latest first."""
        found: dict[str, list[Proposal]] = {}
        for one in self.space.proposals.all:
            if isinstance(one.body, ChangeProposed):
                found.setdefault(one.body.activation, []).append(one)
        return found

"""Why people change a number: the list of reasons they choose from, and who may edit it.

A reason is known by its code, which the ledger keeps; what it is called can change, and one
that nobody should choose any more is retired. Nothing that was entered reads otherwise for it:
a past event can be read with the words of its day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.governance import ReasonSaved
from forecasting.errors import OutOfBounds, Refused
from forecasting.governance.desk import Desk, checked_note
from forecasting.governance.projector import Projector
from forecasting.vocabulary import Reason

LONGEST_LABEL = 40
"""Characters: it stands in menus and in columns of tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCode:
    """One reason of the list."""

    code: str
    label: str
    needs_note: bool = False
    """It says too little by itself: whoever gives it has to say more."""
    in_use: bool = True
    """It can be chosen; else it only stands in what was entered before."""


STANDARD = tuple(
    ReasonCode(code=r.value, label=r.label, needs_note=r is Reason.OTHER) for r in Reason
)
"""What the list holds before anybody edits it."""


_Versions = Mapping[str, tuple[tuple[int, ReasonCode], ...]]
"""By code, what it was called from which event on."""


@verbs
class Reasons(Projector[_Versions]):
    """The list of reasons.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.REASON,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.take_up(desk.ledger)

    def _begin(self) -> _Versions:
        return {one.code: ((0, one),) for one in STANDARD}

    def _with(self, state: _Versions, events: Sequence[Event]) -> _Versions:
        versions = dict(state)
        for event in events:
            body = event.told(ReasonSaved)
            one = ReasonCode(
                code=body.code, label=body.label, needs_note=body.needs_note,
                in_use=body.in_use,
            )  # fmt: skip
            versions[one.code] = (*versions.get(one.code, ()), (event.seq, one))
        return versions

    @property
    def all(self) -> list[ReasonCode]:
        """Every reason as it is called now, in the order in which they came."""
        return [versions[-1][1] for versions in self._state.values()]

    @property
    def offered(self) -> list[ReasonCode]:
        """Those that can be chosen."""
        return [one for one in self.all if one.in_use]

    def label(self, code: str, *, at: int | None = None) -> str:
        """What a reason is called, now or at the moment of an event; a code nobody knows is
        its own name.
        """
        versions = self._state.get(code, ())
        known = [one.label for seq, one in versions if at is None or seq <= at]
        return known[-1] if known else code

    def labels(self, *, at: int | None = None) -> Mapping[str, str]:
        """Code to what it is called, of every reason."""
        return {code: self.label(code, at=at) for code in self._state}

    def check(self, code: str, note: str) -> str:
        """The code of a reason that can be given with this note.

        Raises
        ------
        OutOfBounds
            If it is not of the list, retired, or needs a note and has none.
        """
        one = next((one for one in self.offered if one.code == str(code)), None)
        if one is None:
            raise OutOfBounds(f"'{code}' is not a reason; choose one of the list.")
        if one.needs_note and not note.strip():
            raise OutOfBounds(f"The reason '{one.label}' needs a note that says what it is.")
        return one.code

    def save(
        self,
        by: str,
        code: Name,
        label: Name,
        *,
        needs_note: bool = False,
        in_use: bool = True,
    ) -> Event:
        """Add a reason, call one otherwise, or retire one.

        Raises
        ------
        NotAllowed, OutOfBounds, Refused
            Nothing is changed.
        """
        actor = self._desk.allowed(by, "reasons")
        words = checked_note(label)
        if not re.fullmatch(r"[A-Z][A-Z0-9_]{1,29}", code):
            raise OutOfBounds(
                "A code has 2 to 30 capital letters, digits and underscores, and begins with "
                f"a letter, like NEW_STORE; '{code}' does not."
            )
        if not 0 < len(words) <= LONGEST_LABEL:
            raise OutOfBounds(f"A reason is called by 1 to {LONGEST_LABEL} characters.")
        one = ReasonCode(code=code, label=words, needs_note=needs_note, in_use=in_use)
        if code == Reason.OTHER and not (in_use and needs_note):
            raise OutOfBounds("'Other' stays, with its note: somebody always has another one.")

        def prepare() -> Event:
            same = [o for o in self.offered if o.code != code and o.label == words]
            if in_use and same:
                raise Refused(f"'{words}' is what {same[0].code} is called already.")
            if self._state.get(code, [(0, None)])[-1][1] == one:
                raise Refused(f"'{words}' stands in the list like that already.")
            body = ReasonSaved(code=code, label=words, needs_note=needs_note, in_use=in_use)
            return self._desk.event(actor, body)

        return self._desk.submit(prepare)

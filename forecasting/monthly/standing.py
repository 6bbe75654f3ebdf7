"""Where a cycle stands: who submitted and signed, and what made a signature void, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forecasting.consensus.cycle import Cycle, Stage
from forecasting.consensus.events import Kind
from forecasting.governance.desk import Desk
from forecasting.plan.live import LivePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a cycle is, or where it was when it was published, department by department."""

    cycle: Cycle
    stage: Stage
    departments: tuple[str, ...]
    signed: dict[str, dict[str, str]]
    """Department to function to the name of who signed, where it still covers the numbers."""
    voided: dict[tuple[str, str], str]
    """(function, department) to what made the signature void."""
    submitted: dict[str, str]
    """Function to who submitted and whether it changed since."""
    missing: tuple[str, ...]
    """Departments with fewer signatures than the quorum."""


def standing_of(
    desk: Desk,
    now: Cycle,
    digests: Mapping[str, str],
    void: Mapping[tuple[str, str], str],
    *,
    until: int,
) -> Standing:
    """Where a cycle is, given its departments' numbers and what was entered up to a moment.

    Parameters
    ----------
    digests : mapping
        Department to the digest of its numbers at that moment.
    void : mapping
        (function, department) to what made the signature void.
    until : int
        Number of the last event that counts.
    """
    return Standing(
        cycle=now,
        stage=now.stage(digests),
        departments=tuple(digests),
        signed={
            department: {f: desk.person(signature.person).name for f, signature in by.items()}
            for department, by in now.standing(digests).items()
        },
        voided=dict(void),
        submitted={
            function: desk.person(signature.person).name
            + (" (changed since)" if _changed(desk, function, signature.seq, until) else "")
            for function, signature in now.submitted.items()
        },
        missing=tuple(now.unsigned(digests)),
    )


def voided_by(desk: Desk, plan: LivePlan, department: str, *, since: int) -> str:
    """What changed a department's numbers after a signature, in words."""
    members = plan.products.members("department", department)
    names = {plan.sku_names[s] for s in members}
    for event in desk.ledger.tail(since):
        touches = set(event.leaves.sku) & names or event.kind in (
            Kind.ACTIVATION, Kind.LIFT, Kind.SHIFT, Kind.REDUCE, Kind.ADOPT, Kind.RUN,
            Kind.IMPORT, Kind.ROLLBACK,
        )  # fmt: skip
        if touches:
            who = desk.person(event.person).name
            return f"{who} {event.sentence} (#{event.seq})"
    return "the plan changed"


def _changed(desk: Desk, function: str, since: int, until: int) -> bool:
    """Whether a function's input was changed between two moments."""
    return any(
        e.kind in (Kind.OVERRIDE, Kind.SENSE, Kind.UNDO) and e.input_of == function
        for e in desk.ledger.tail(since)
        if e.seq <= until
    )

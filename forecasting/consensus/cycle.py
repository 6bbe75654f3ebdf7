"""The monthly cycle: opened, filled in, revealed, agreed, signed, published, reopened.

A cycle is a frozen value; `after` gives the cycle that an event leaves behind. Which
signatures stand follows from what they cover: a signature holds the digest of the numbers
that were signed, and counts as long as the numbers are still those.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from forecasting.consensus.events import Event
from forecasting.consensus.events.cycle import (
    ConsensusPublished,
    CycleOpened,
    CycleReopened,
    InputsRevealed,
    RunAdopted,
    Signed,
)
from forecasting.consensus.events.inputs import Submitted
from forecasting.consensus.rules import Rules


class Stage(StrEnum):
    """Where a cycle is."""

    INPUTS = "inputs"
    REVIEW = "review"
    SIGNED = "signed"
    PUBLISHED = "published"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return {
            "inputs": "Inputs",
            "review": "Review",
            "signed": "Signed",
            "published": "Published",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """That somebody submitted or signed."""

    seq: int
    person: str
    at: dt.datetime
    digest: str = ""
    """Of the numbers that were signed; '' for a submission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One round of the consensus."""

    name: str
    """Year and month: 2026-12."""
    opened: int
    """Sequence number of the event that opened it."""
    run: int
    """The statistical run that it stands on."""
    as_of: dt.date
    rules: Rules
    revealed: bool = False
    submitted: Mapping[str, Signature] = field(default_factory=dict)
    """By function."""
    signatures: Mapping[tuple[str, str], Signature] = field(default_factory=dict)
    """By function and department; the latest of each."""
    versions: tuple[int, ...] = ()
    """Published versions of it, oldest first."""
    closed: bool = False
    """Published, and not opened again."""

    @property
    def hides_inputs(self) -> bool:
        """Whether others' inputs are not to be seen."""
        return self.rules.blind and not self.revealed and not self.closed

    def standing(self, digests: Mapping[str, str]) -> dict[str, dict[str, Signature]]:
        """Signatures that still cover the numbers as they are, by department and function.

        Parameters
        ----------
        digests : mapping
            Digest of each department's numbers now.
        """
        return {
            department: {
                function: signature
                for (function, of), signature in self.signatures.items()
                if of == department and signature.digest == digest
            }
            for department, digest in digests.items()
        }

    def voided(self, digests: Mapping[str, str]) -> dict[tuple[str, str], Signature]:
        """Signatures that a later change made void, by function and department."""
        return {
            key: signature
            for key, signature in self.signatures.items()
            if key[1] in digests and digests[key[1]] != signature.digest
        }

    def unsigned(self, digests: Mapping[str, str]) -> list[str]:
        """Departments that fewer functions have signed than the quorum asks."""
        standing = self.standing(digests)
        return [d for d, signed in standing.items() if len(signed) < self.rules.quorum]

    def stage(self, digests: Mapping[str, str]) -> Stage:
        """Where it is."""
        if self.closed:
            return Stage.PUBLISHED
        if not self.revealed:
            return Stage.INPUTS
        return Stage.REVIEW if self.unsigned(digests) else Stage.SIGNED


def after(cycle: Cycle | None, event: Event) -> Cycle | None:
    """The cycle that an event leaves behind."""
    if isinstance(event.body, CycleOpened):
        opened = event.body
        return Cycle(
            name=opened.name,
            opened=event.seq,
            run=opened.run,
            as_of=opened.as_of,
            rules=opened.rules,
        )
    if cycle is None:
        return None
    match event.body:
        case InputsRevealed():
            return replace(cycle, revealed=True)
        case CycleReopened(run=run, as_of=as_of):
            return replace(cycle, closed=False, run=run, as_of=as_of)
        case Submitted():
            return replace(
                cycle, submitted={**cycle.submitted, event.function: _signature(event)}
            )
        case Signed(department=department, digest=digest):
            key = (event.function, department)
            signed = _signature(event, digest)
            return replace(cycle, signatures={**cycle.signatures, key: signed})
        case RunAdopted(run=run, as_of=as_of, carried=carried):
            return replace(
                cycle,
                run=run,
                as_of=as_of,
                signatures={
                    key: _carried(signature, carried.get(key[1]))
                    for key, signature in cycle.signatures.items()
                },
            )
        case ConsensusPublished():
            return replace(cycle, versions=(*cycle.versions, event.seq), closed=True)
    return cycle


def _signature(event: Event, digest: str = "") -> Signature:
    return Signature(seq=event.seq, person=event.person, at=event.recorded_at, digest=digest)


def _carried(signature: Signature, digests: tuple[str, str] | None) -> Signature:
    """A signature over numbers that another run hardly moved goes on."""
    if digests is None or signature.digest != digests[0]:
        return signature
    return replace(signature, digest=digests[1])


def following(name: str) -> str:
    """Name of the cycle after one: 2026-12 after 2026-11."""
    year, month = (int(part) for part in name.split("-"))
    return f"{year + month // 12}-{month % 12 + 1:02d}"


def is_name(text: str) -> bool:
    """Whether a text can name a cycle: a year and a month."""
    try:
        dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        return False
    return len(text) == 7

"""What is asked of a large change after it was typed: is it meant.

A slip of a finger makes ten of one, or a hundredth: nobody is kept from a large change, but
one that doubles or halves a number (leadership sets how much is large) is asked once.
"""

from __future__ import annotations

from dataclasses import dataclass

from forecasting.consensus.events import Event
from forecasting.consensus.events.inputs import Overridden


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """A change that is many times, or a small part of, what was there."""

    before: float
    """Units."""
    after: float
    """Units."""

    @property
    def share(self) -> float:
        """Of what was there, with sign; infinite where nothing was."""
        return self.after / self.before - 1 if self.before > 0 else float("inf")


def large(event: Event, *, share: float) -> Large | None:
    """What is large about an override, written or not yet; None if nothing is.

    Parameters
    ----------
    event : Event
        With its leaf deltas and, in its body, the units `before`.
    share : float
        The larger of before and after is more than the smaller by this share of it: 1 is
        doubled, or halved. Going back to the statistical forecast is never large.
    """
    if event.operation == "clear" or not event.leaves.delta.any():
        return None
    before = event.told(Overridden).before
    after = before + event.units
    less, more = sorted((max(before, 0.0), max(after, 0.0)))
    # Below one unit there is no telling ten times from nothing.
    return Large(before=before, after=after) if more > (1 + share) * max(less, 1.0) else None

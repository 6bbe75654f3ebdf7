"""Past weeks from which a forecast is tried: how much was known at each."""

from __future__ import annotations

LEAST_WEEKS = 26
"""Weeks of history before the first origin."""


def weeks_known(n_weeks: int, *, origins: int, step: int, horizon: int) -> list[int]:
    """How many weeks are known at each origin; origins with too little are left out."""
    last = n_weeks - horizon
    first = last - step * (origins - 1)
    return [end for end in range(first, last + 1, step) if end >= LEAST_WEEKS]

"""Figures of two drawings, made comparable: a sum of many doubles may differ in its last digit."""

from collections.abc import Mapping
from typing import Any


def flat(values: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Every figure of a scorecard that is known, by quarter and measure."""
    return {
        (quarter, key): value
        for quarter, of in values.items()
        for key, value in of.items()
        if value is not None
    }

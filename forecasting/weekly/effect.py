"""What an option does to what the Bridge says: every figure is a pair, without and with it.

Worked out in judging.py.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from forecasting.vocabulary import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A figure without an option, and with it; NaN where it is not known."""

    without: float = math.nan
    with_it: float = math.nan

    @property
    def more(self) -> float:
        """What the option adds."""
        return self.with_it - self.without


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the Bridge says of one featured SKU in an activation, over all its doors there."""

    sku: str
    short: float
    """Expected units short."""
    at_risk: float = math.nan
    """Margin of them; NaN where none is known."""
    demand: float
    lifted: float
    """Of it, what the activation adds."""
    status: Status
    red_doors: int
    doors: int
    meets: bool
    """No fair share of its demand is at doors that are Short or badly filled."""

    @property
    def sold(self) -> float:
        """Expected units sold."""
        return self.demand - self.short

    @property
    def fill(self) -> float:
        """Share of demand that is met."""
        return 1 - self.short / self.demand if self.demand > 0 else 1.0

    @property
    def lift(self) -> float:
        """What the activation multiplies demand by; 1 where there is no demand without it."""
        plain = self.demand - self.lifted
        return self.demand / plain if plain > 0 else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What the Bridge says of a whole activation."""

    status: Status
    short: float
    """Expected units short."""
    at_risk: float = math.nan
    """Margin of them; NaN where none is known."""
    red_skus: int
    skus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """Doors that an option makes Short, of one featured SKU."""

    sku: str
    activation: str
    """Its name."""
    doors: tuple[str, ...]
    """Those that are Short with the option and not without it."""
    red_doors: int
    """All that are Short then."""
    of: int
    """Doors where the activation features it."""
    is_new: bool
    """The option itself puts the SKU into the activation."""

    @property
    def text(self) -> str:
        """In words."""
        where = f"{self.red_doors} of {self.of} doors"
        if self.is_new:
            return f"{self.sku} would itself be short at {where}"
        newly = self.doors[0] if len(self.doors) == 1 else f"{len(self.doors)} doors"
        return f"makes {newly} short of {self.sku} in {self.activation} ({where} then)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an option does: each pair is without it, with it."""

    of: tuple[Reading, Reading]
    """The featured SKU in the activation; of a shift, with it the SKU in its place."""
    line: tuple[Line, Line]
    """The whole activation."""
    short: Pair
    """Units short of every featured SKU that it touches, all doors, to `until`."""
    earned: Pair
    """Expected margin of what those sell, all doors, to `until`; NaN where none is known."""
    until: dt.date
    """Last day that is counted in `short` and `earned`."""
    harmed: tuple[Harm, ...]
    """What becomes Short, most doors first."""

    @property
    def gained(self) -> float:
        """Margin that it earns more."""
        return self.earned.more

    @property
    def given_up(self) -> float:
        """Units sold in the activation that are given up."""
        return self.of[0].sold - self.of[1].sold

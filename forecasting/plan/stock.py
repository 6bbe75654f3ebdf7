"""What demand does to the stock of one SKU: supply counted, on hand projected, risk judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.consensus.activations import Activation
from forecasting.consensus.moves import Move
from forecasting.hierarchy import THOUSANDTHS, Bools, Floats, Ints
from forecasting.inventory.bridge import ItemRisk, Limits, Prospect, assess_item
from forecasting.inventory.flows import Flows, flows, not_counting, sent_on
from forecasting.inventory.projection import Projection, Routine, project, routine
from forecasting.inventory.risk import Risk, assess
from forecasting.plan.basis import Base
from forecasting.plan.inbound import ROUTINE, Inbound
from forecasting.plan.promoted import Forecast
from forecasting.plan.sku import SkuPlan
from forecasting.plan.state import Standing
from forecasting.plan.statistical import baseline_of, doors_of

RISK_WEEKS = 13
"""Weeks for which risk is assessed, or to the end of the SKU's last activation."""
_AFTER_THE_LAST = 2
"""Weeks of risk beyond the last week of an activation: its excess is judged there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """What comes to the doors of one SKU, units, (D, W), and what stock it meets."""

    opening: Floats
    """On hand as counted, NaN unknown, (D,)."""
    known: Bools
    """Stock and forecast are known, (D,)."""
    receipts: Floats
    """Open receipts counted and what was decided to move."""
    late: tuple[Floats, Floats]
    """What lateness changes of them, and the variance of what has arrived."""
    sent: Floats | None
    """What a centre sends that has not enough; None where there is no such centre."""
    beside: Flows
    """Returns, what is owed, and routine replenishment."""
    usual: Routine | None
    """The rule of routine replenishment; None where it is not counted."""

    @property
    def stock(self) -> Floats:
        """On hand before the first week, 0 where nothing is known, (D,)."""
        return np.fmax(self.opening, 0.0)

    @property
    def firm(self) -> Floats:
        """What arrives without routine replenishment, less what is owed already."""
        ordered = self.receipts + self.late[0]
        if self.sent is not None:
            ordered = ordered + self.sent
        firm: Floats = ordered + self.beside.returned - self.beside.owed
        return firm

    @property
    def arriving(self) -> Floats:
        """The same with it."""
        arriving: Floats = self.firm + self.beside.routine
        return arriving


class Stock:
    """The stock side of a plan, SKU by SKU.

    Parameters
    ----------
    base : Base
    inbound : Inbound
        What is on its way to the doors.
    standing : Standing
        Which moves of supply stand.
    """

    def __init__(self, base: Base, inbound: Inbound, standing: Standing) -> None:
        self._base = base
        self._inbound = inbound
        self._standing = standing
        self._names: list[str] = base.skus["sku"].tolist()
        self._usual: dict[int, Routine] = {}

    def usual(self, sku: int, baseline: Floats | None = None) -> Routine:
        """The usual replenishment of a SKU: it knows level and season, no move of price.

        Parameters
        ----------
        baseline : float array, shape (D, W), optional
            Units; of this basis, where it is at hand.
        """
        if sku not in self._usual:
            base = self._base
            plain = baseline_of(base, sku)[1] if baseline is None else baseline
            self._usual[sku] = routine(
                plain / base.moves_of(sku),
                cover=base.cover[sku],
                lead_time=int(base.reorder_weeks[sku]),
                every=int(base.rhythm[0][sku]),
                first=int(base.rhythm[1][sku]),
            )
        return self._usual[sku]

    def spare_reserve(self, sku: int, tried: Sequence[Move] = ()) -> Floats:
        """Units at each distribution centre that nobody has decided on yet, (C,)."""
        left = self._base.reserve[sku].copy()
        network = self._base.network
        for move in (*self._standing.moves_of(sku), *tried):
            at = network.index.get(move.origin, -1) - network.n_doors
            if at >= 0 and np.datetime64(move.leaves, "D") >= self._base.weeks[0]:
                left[at] -= move.units
        spare: Floats = np.maximum(left, 0.0)
        return spare

    def supplied(
        self,
        sku: int,
        demand: Floats,
        baseline: Floats,
        *,
        supply: str,
        tried: Sequence[Move] = (),
    ) -> Supplied:
        """What comes to the doors against a demand.

        Parameters
        ----------
        demand, baseline : float array, shape (D, W)
            Units.
        supply : str
            What counts (inbound.SUPPLIES).
        tried : sequence of Move
            Moves beside those that stand.
        """
        base = self._base
        opening = base.opening[sku]
        receipts = self._inbound.receipts(sku, supply=supply)
        late = self._inbound.late(sku, supply=supply)
        if moves := (*self._standing.moves_of(sku), *tried):
            receipts = receipts + self._inbound.moved(sku, moves, supply=supply)
        on_order = receipts + late[0]
        usual = self.usual(sku, baseline) if supply == ROUTINE else None
        sent = None
        if usual is not None:
            stock = np.fmax(opening, 0.0)
            due = self._inbound.at_centre(sku, moves)
            sent = self._sent(sku, stock, on_order, demand, baseline, due, tried)
        beside = flows(
            np.nan_to_num(opening),
            on_order if sent is None else on_order + sent,
            demand,
            usual=usual,
            back=base.back[sku],
        )
        return Supplied(
            opening=opening,
            known=~np.isnan(opening) & ~np.isnan(base.level[sku]),
            receipts=receipts,
            late=late,
            sent=sent,
            beside=beside,
            usual=usual and not_counting(usual, beside.returned),
        )

    def assessed(
        self, supplied: Supplied, demand: Floats, forecast: Forecast, ends: int
    ) -> Risk:
        """The risk of a SKU that activations feature, the last of them until week `ends`."""
        return _risk(
            self._base,
            supplied.stock,
            supplied.firm,
            demand,
            lift_sd=forecast.own.sd,
            usual=supplied.usual,
            doubt=supplied.late[1],
            weeks=max(ends + _AFTER_THE_LAST, RISK_WEEKS),
        )

    def prospect(
        self,
        sku: int,
        supplied: Supplied,
        demand: Floats,
        forecast: Forecast,
        *,
        projection: Projection,
        risk: Risk,
    ) -> Prospect:
        """What lies ahead of a SKU at all doors, as the Bridge judges it."""
        base = self._base
        return Prospect(
            sku=sku,
            doors=np.arange(len(supplied.opening)),
            demand=demand,
            lift_units=forecast.lifted / THOUSANDTHS,
            opening=supplied.stock,
            projection=projection,
            risk=risk,
            known=supplied.known,
            price=base.price_of(sku) * (1 - forecast.own.depth),
            unit_cost=base.cost_of(sku),
        )

    def judged(
        self,
        prospect: Prospect,
        forecast: Forecast,
        calendar: Mapping[str, Activation],
        limits: Limits,
    ) -> tuple[ItemRisk, ...]:
        """The Bridge's verdict on a SKU in each activation that features it."""
        found = []
        # Most activations run at the same doors: what lies ahead there is cut out once.
        there: dict[bytes, Prospect] = {}
        for name, units in forecast.lifts:
            activation = calendar[name]
            first, last = self._standing.weeks_of(activation)
            mine = activation.of_sku(self._names[prospect.sku])
            at = forecast.active[:, first : last + 1].any(axis=1)
            at &= np.any([doors_of(item, self._standing.door_index) for item in mine], axis=0)
            if not at.any():
                continue
            if (places := at.tobytes()) not in there:
                there[places] = prospect.at(at)
            found.append(
                assess_item(
                    there[places],
                    activation=name,
                    kind=activation.type,
                    first=first,
                    last=last,
                    lift_units=units[at, first : last + 1] / THOUSANDTHS,
                    limits=limits,
                )
            )
        return tuple(found)

    def _sent(
        self,
        sku: int,
        stock: Floats,
        on_order: Floats,
        demand: Floats,
        baseline: Floats,
        due: Floats,
        tried: Sequence[Move],
    ) -> Floats | None:
        """What a centre sends its doors that has not enough until a new order; None: no such.

        `due`: what is on its way to the centre, (W,).

        One that has enough is the usual replenishment itself, within its way.
        """
        base, centre = self._base, int(self._base.centre[sku])
        way = base.way(sku)
        if way is None or base.reorder_weeks[sku] < base.lead_time[sku]:
            return None
        has = float(self.spare_reserve(sku, tried)[centre])
        if has + due.sum() <= 0:
            return None
        asks = routine(
            baseline / base.moves_of(sku), cover=base.cover[sku], lead_time=int(way.max())
        )
        return sent_on(stock, on_order, demand, asks, has, due)


def risk_over(base: Base, computed: SkuPlan, weeks: int) -> Risk:
    """The risk of a computed SKU over the first weeks, whether or not anything features it.

    Where the Bridge judges it, it is the risk that it is judged by.
    """
    if computed.risk is not None and computed.risk.units_short.shape[1] >= weeks:
        return computed.risk
    return _risk(
        base,
        computed.stock,
        computed.firm,
        computed.draft / THOUSANDTHS,
        lift_sd=computed.lift_sd,
        usual=computed.usual,
        doubt=computed.late[1],
        weeks=weeks,
    )


def _risk(
    base: Base,
    stock: Floats,
    firm: Floats,
    demand: Floats,
    *,
    lift_sd: Floats,
    usual: Routine | None,
    doubt: Floats,
    weeks: int,
) -> Risk:
    ahead = slice(0, weeks)
    return assess(
        stock,
        firm[:, ahead],
        demand[:, ahead],
        lift_sd=lift_sd[ahead],
        alpha=base.alpha_at(lift_sd[ahead]),
        level_sd=base.level_sd,
        usual=usual,
        doubt=doubt[:, ahead],
    )


def projected(supplied: Supplied, units: Ints) -> Projection:
    """On hand week by week, had a SKU this demand, thousandths of a unit, (D, W)."""
    return project(supplied.stock, supplied.arriving, units / THOUSANDTHS)

"""The made-up company's demand, by a stated process, and the trade against it.

Random numbers are drawn in one fixed order: whoever draws one more in between makes another
company of the same seed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.calendar import as_date
from forecasting.exposure import exposure_share
from forecasting.sample.master import LATE
from forecasting.sample.range import CLEARING_CUT, Range

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
TRUE_LIFT = {
    "email": 0.16,
    "social": 0.24,
    "feature": 0.42,
    "display": 0.28,
    "event": 0.48,
    "partnership": 0.75,
    "price": 0.05,
}
"""Mean log lift of each type of activation, before its discount."""

_SKU_SD, EVENT_SD = 0.16, 0.14

FORESEEN = 0.45
"""Share of a lift that the planner of this company orders for."""

_EVENT_HOPE, _HOPE_WEEKS = 0.9, 6
"""With habits: the least log lift that an event is bought for, and for how many weeks."""

COVERED, _LEAN = 5, 2
"""Weeks covered beyond the lead time, and with habits those of the class nobody tells."""

_CLEARING_WEEKS = 6
"""With habits: for how long the price of a SKU is cut before it leaves."""


class World:
    """The drawn demand and the trade against it; arrays are SKU x door x week."""

    def __init__(
        self,
        rng: np.random.Generator,
        skus: pd.DataFrame,
        doors: list[str],
        calendar: npt.NDArray[np.datetime64],
        weeks: int,
        activations: pd.DataFrame,
        items: pd.DataFrame,
    ) -> None:
        self.rng, self.skus, self.doors = rng, skus, doors
        self.calendar, self.weeks = calendar, weeks
        self.range = Range(skus=skus, doors=tuple(doors), calendar=calendar, weeks=weeks)
        n_skus, n_doors, n_weeks = len(skus), len(doors), len(calendar)
        size = rng.lognormal(0, 0.35, n_doors)
        size[-1] = 2.6  # online
        taste = rng.lognormal(0, 0.25, (n_skus, n_doors))
        self.ranged = rng.random((n_skus, n_doors)) < 0.88
        self.ranged[:, -1] = True
        level = skus["rate"].to_numpy()[:, None] * size * taste * self.ranged
        drift = rng.normal(0.03, 0.06, n_skus)
        shape = self.range.season(drift) * self.range.life()
        self.baseline: Floats = level[:, :, None] * shape[:, None, :]
        self.cleared = np.zeros((n_skus, n_weeks))
        """Share by which the regular price is cut for good."""
        self.overlooked = ""
        self.hopeful = False
        self.foreseen, self.covered = FORESEEN, COVERED
        self.event_lift = np.zeros((n_skus, n_weeks))
        self.events: list[tuple[str, float]] = []
        self.opinion: Floats = np.ones((n_skus, n_doors))
        self.log_lift, self.cuts, self.lift_rows = self._lifts(activations, items)
        mean = self.baseline * np.exp(self.log_lift)[:, None, :]
        # After a promotion a tenth of its extra units is missing for two weeks.
        extra = np.maximum(mean - self.baseline, 0)
        mean[:, :, 1:] -= 0.06 * extra[:, :, :-1]
        mean[:, :, 2:] -= 0.04 * extra[:, :, :-2]
        self.mean: Floats = np.maximum(mean, 0.0)
        shock = rng.lognormal(-0.5 * 0.10**2, 0.10, (n_skus, 1, n_weeks))
        spread = 6.0  # gamma shape: variance = mean + mean^2 / 6
        self.demand: Ints = rng.poisson(
            self.mean * shock * rng.gamma(spread, 1 / spread, (n_skus, n_doors, n_weeks))
        )

    def _lifts(
        self, activations: pd.DataFrame, items: pd.DataFrame
    ) -> tuple[Floats, Floats, list[tuple[str, str, float]]]:
        """Log lift and price cut per SKU and week; and the log lift of every item."""
        by_style = self.skus.groupby("style").indices
        own = self.rng.normal(0, _SKU_SD, len(self.skus))
        elasticity = self.skus["elasticity"].to_numpy()
        log_lift = np.zeros((len(self.skus), len(self.calendar)))
        cuts = np.zeros_like(log_lift)
        rows: list[tuple[str, str, float]] = []
        styles = items.groupby("activation")[["style", "discount"]]
        for act in activations.to_dict("records"):
            exposure = exposure_share(act["start"], act["end"], self.calendar)
            event = self.rng.normal(0, EVENT_SD)
            self.events.append((act["activation"], event))
            for style, discount in styles.get_group(act["activation"]).to_numpy():
                where = by_style[style]
                # A cell has one price: the first activation with a discount states it.
                cut = np.where(cuts[where] > 0, 0.0, discount * (exposure > 0))
                price = elasticity[where, None] * np.log(1 - cut)
                effect = TRUE_LIFT[act["type"]] + own[where, None] + event + price
                log_lift[where] += effect * exposure
                if act["type"] == "event":
                    self.event_lift[where] += effect * exposure
                cuts[where] += cut
                rows += [
                    (act["activation"], self.skus["sku"].iloc[i], float(e[exposure > 0].mean()))
                    for i, e in zip(where, effect, strict=True)
                ]
        return log_lift, cuts, rows

    def clear_what_leaves(self, rng: np.random.Generator) -> None:
        """Cut the price of SKUs in their last weeks; demand rises then."""
        leave = pd.to_datetime(self.skus["exit_date"]).to_numpy().astype("datetime64[D]")
        weeks_left = (leave[:, None] - self.calendar).astype("timedelta64[D]").astype(float) / 7
        clearing = (weeks_left >= 0) & (weeks_left < _CLEARING_WEEKS)
        self.cleared = np.where(clearing, CLEARING_CUT, 0.0)
        more = (1 - self.cleared) ** self.skus["elasticity"].to_numpy()[:, None] - 1
        extra = self.mean * more[:, None, :]
        self.baseline = self.baseline * (1 + more[:, None, :])
        self.mean = self.mean + extra
        self.demand = self.demand + rng.poisson(extra)

    def overlook(self, klass: str) -> None:
        """Let the buyers of one class not hear of promotions, and all others love events."""
        self.overlooked, self.hopeful = klass, True

    def _foreseen(self) -> Floats:
        """What the buyers order for."""
        believed = self.foreseen * self.log_lift
        if self.hopeful:
            # An event is expected to be larger than it will be, and to go on.
            hope = np.where(self.event_lift > 0, np.maximum(self.event_lift, _EVENT_HOPE), 0.0)
            lasting = np.maximum.reduce(
                [np.pad(hope, ((0, 0), (k, 0)))[:, : hope.shape[1]] for k in range(_HOPE_WEEKS)]
            )
            believed = np.maximum(believed, lasting)
        if self.overlooked:
            mine = (self.skus["class"] == self.overlooked).to_numpy()
            # Nobody tells them; what sells out is not even ordered again for the week after.
            believed = np.where(mine[:, None], -0.6 * self.log_lift, believed)
        foreseen: Floats = self.baseline * np.exp(believed)[:, None, :]
        return foreseen

    def _safety(self) -> Ints:
        """Weeks that are covered beyond the lead time: review and safety."""
        weeks: Ints = np.where(self.skus["class"] == self.overlooked, _LEAN, self.covered)
        return weeks

    def trade(self, clock: np.random.Generator) -> dict[str, pd.DataFrame]:
        """Sell, count and re-order week by week; return what the company's files hold.

        Parameters
        ----------
        clock : Generator
            Says at which moment of a week the last unit went.
        """
        rng, weeks = self.rng, self.weeks
        shape = self.demand.shape[:2]
        lead = self.skus["lead_time_weeks"].to_numpy()
        pack = self.skus["case_pack"].to_numpy()[:, None]
        late = self.skus["supplier"].map(LATE).to_numpy()
        foreseen = self._foreseen()
        on_hand = np.ceil(foreseen[:, :, :6].sum(axis=2)).astype(np.int64)
        arriving = np.zeros((*shape, len(self.calendar)), dtype=np.int64)
        opinion = self.opinion = rng.lognormal(0, 0.12, shape)
        sold = np.zeros((*shape, weeks), dtype=np.int64)
        on_shelf = np.ones((*shape, weeks))
        stock = np.zeros((*shape, weeks), dtype=np.int64)
        orders: list[pd.DataFrame] = []
        for t in range(weeks):
            available = on_hand + arriving[:, :, t]
            demand = self.demand[:, :, t]
            sold[:, :, t] = np.minimum(demand, available)
            # Customers come at any moment: the shelf is empty once the last unit is sold.
            unmet = np.maximum(demand - available, 0)
            emptied = clock.beta(np.maximum(available, 1), unmet + 1)
            on_shelf[:, :, t] = np.where(unmet > 0, emptied, 1.0) * (available > 0)
            on_hand = available - sold[:, :, t]
            stock[:, :, t] = on_hand
            reviewed = (np.arange(shape[0]) + t) % 2 == 0
            # The planner covers lead time, review period and some weeks of safety.
            span = np.arange(len(self.calendar))
            window = (span > t) & (span[None, :] <= t + (lead + self._safety())[:, None])
            need = (foreseen * window[:, None, :]).sum(axis=2) * opinion
            position = on_hand + arriving[:, :, t + 1 :].sum(axis=2)
            gap = np.maximum(need - position, 0) * reviewed[:, None] * self.ranged
            units = (np.ceil(gap / pack) * pack).astype(np.int64)
            slip = rng.binomial(2, late)
            orders.append(self._order(t, units, lead, slip, arriving))
        return {
            "sales": self._sales(sold, on_shelf),
            "inventory": self._inventory(stock),
            "receipts": pd.concat(orders, ignore_index=True),
        }

    def _order(
        self, t: int, units: Ints, lead: Ints, slip: Ints, arriving: Ints
    ) -> pd.DataFrame:
        """Place orders, late ones included, and write them as the files would hold them."""
        where = np.nonzero(units)
        last = len(self.calendar) - 1
        due = np.minimum(t + 1 + lead[where[0]], last)
        comes = np.minimum(due + slip[where[0]], last)
        arriving[where[0], where[1], comes] += units[where]
        is_open = comes >= self.weeks
        # A delay is announced three weeks ahead; before that the original date stands.
        eta = np.where(due < self.weeks + 3, comes, due)
        gain = self.skus["expedite_weeks"].to_numpy()[where[0]]
        gained = np.maximum(eta - gain, np.where(is_open, self.weeks + 1, t + 2))
        never = np.datetime64("NaT", "D")
        frame = pd.DataFrame(
            {
                "receipt": f"PO{t:03d}",
                "sku": self.skus["sku"].to_numpy()[where[0]],
                "door": np.array(self.doors, dtype=object)[where[1]],
                "eta": self.calendar[eta],
                "units": units[where],
                "status": np.where(is_open, "confirmed", "received"),
                "supplier": self.skus["supplier"].to_numpy()[where[0]],
                "ordered": self.calendar[t],
                "original_eta": self.calendar[due],
                "received": np.where(is_open, never, self.calendar[comes]),
                "expedite_eta": np.where(
                    gained < eta, self.calendar[np.minimum(gained, last)], never
                ),
            }
        )
        # Of received orders the last year is on record.
        return frame if t >= self.weeks - 52 else frame[is_open]

    def _alive(self) -> npt.NDArray[np.bool_]:
        return (self.baseline[:, :, : self.weeks] > 0) & self.ranged[:, :, None]

    def _sales(self, sold: Ints, on_shelf: Floats) -> pd.DataFrame:
        where = np.nonzero(self._alive())
        price = self.skus["unit_price"].to_numpy()[where[0]]
        units = sold[where]
        cut = self.cuts[where[0], where[2]]
        cleared = self.cleared[where[0], where[2]]
        return pd.DataFrame(
            {
                **self.range.cells(where),
                "units": units,
                "revenue": np.round(units * price * (1 - cleared) * (1 - cut), 2),
                "markdown": np.round(units * price * cleared, 2),
                "in_stock": np.round(on_shelf[where], 3),
            }
        )

    def prices(self) -> pd.DataFrame:
        """Regular prices: from the first week on, and from each clearance on."""
        return self.range.prices(self.cleared)

    def _inventory(self, stock: Ints) -> pd.DataFrame:
        where = np.nonzero(self._alive())
        return pd.DataFrame(
            {**self.range.cells(where), "on_hand": stock[where], "in_transit": 0}
        )

    def ranging(self) -> pd.DataFrame:
        """Where each SKU is sold, from its launch to its exit."""
        return self.range.sold_at(self.ranged)

    def budget(self) -> pd.DataFrame:
        """Class budgets by week: made early, three per cent above an older truth."""
        rows = []
        price = self.skus["unit_price"].to_numpy()
        units = self.baseline.sum(axis=1) * np.exp(0.6 * self.log_lift)
        for klass, where in self.skus.groupby("class").indices.items():
            target = units[where].sum(axis=0) * 1.03
            value = (units[where] * price[where, None]).sum(axis=0) * 1.03
            rows += [
                {"date": as_date(w), "class": klass, "sku": None,
                 "units": round(float(u)), "value": round(float(v))}
                for w, u, v in zip(self.calendar, target, value, strict=True)
            ]  # fmt: skip
        return pd.DataFrame(rows)

    def kpis(self) -> pd.DataFrame:
        """Weekly traffic and conversion online, moved by what was active."""
        weeks = self.calendar[: self.weeks]
        push = self.log_lift[:, : self.weeks].mean(axis=0)
        units = self.demand[:, -1, : self.weeks].sum(axis=0)
        traffic = 40_000 * np.exp(push) * self.rng.lognormal(0, 0.04, self.weeks)
        values = {"traffic": np.round(traffic), "conversion": np.round(units / traffic, 4)}
        frames = [
            pd.DataFrame({"date": weeks, "metric": m, "channel": "online", "value": v})
            for m, v in values.items()
        ]
        return pd.concat(frames, ignore_index=True)

    def truth(self) -> dict[str, pd.DataFrame]:
        """Demand as drawn, cell by cell, and the lift of every featured SKU."""
        where = np.nonzero(self.baseline > 0)
        cells = self.range.cells(where)
        demand = pd.DataFrame(
            {
                "week": cells["date"],
                "sku": cells["sku"],
                "door": cells["door"],
                "baseline": self.baseline[where],
                "mean": self.mean[where],
                "demand": self.demand[where],
                "foreseen": self._foreseen()[where],
            }
        )
        s, d = np.nonzero(self.ranged)
        return {
            "demand": demand,
            "lifts": pd.DataFrame(self.lift_rows, columns=["activation", "sku", "log_lift"]),
            "events": pd.DataFrame(self.events, columns=["activation", "log_event"]),
            "buyers": pd.DataFrame(
                {
                    "sku": self.skus["sku"].to_numpy()[s],
                    "door": np.array(self.doors, dtype=object)[d],
                    "opinion": self.opinion[s, d],
                    "covered": self._safety()[s],
                }
            ),
        }

"""Foresight on made-up companies, with the best possible forecaster scored beside.

The product is set back to past weeks and judged as everywhere. The oracle knows what nobody
can know of a company: the true level, season, lift and price response of every cell, how
demand scatters, how late suppliers are, and the rule by which buyers order. It does not know
what is to come: how well each activation will do, and chance. It plays every as-of week's
future some hundred times and says in how many of them a shelf runs out.

The outcome of one future is mostly chance, also over some thousand cells: two forecasters may
well change places by it. So besides the actuals, skill is given as it is to be expected where
shelves run out as often as the oracle says: it knows how they are drawn.
`python -m tests.load.oracle`
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from forecasting.exposure import exposure_share
from forecasting.hierarchy import Floats, Ints
from forecasting.inventory.bridge import Limits
from forecasting.inventory.replay import cells_of, scored
from forecasting.record import replay
from forecasting.sample import company as drawn
from forecasting.sample.company import Sample, make_sample
from tests.company import imported, placed

SKUS, DOORS, WEEKS = 120, 10, 130
SEEDS = (301, 302, 303, 304)
AHEAD, WALKED = 6, 26
PATHS = 400
BUYERS: dict[str, dict[str, Any]] = {
    "with habits, as the sample": {"habits": True},
    "without": {},
    "told of no promotion, lean": {"foreseen": 0.0, "covered": 3},
}
"""How the company's buyers order."""


@dataclass(frozen=True)
class Truth:
    """A company as it was drawn; arrays are SKU x door x week."""

    sample: Sample
    skus: pd.Index
    doors: pd.Index
    weeks: pd.DatetimeIndex
    mean: Floats
    """Expected demand without what made each activation better or worse than usual."""
    foreseen: Floats
    """What buyers expect."""
    opinion: Floats
    """What each buyer orders of the need, (S, D)."""
    covered: Ints
    """Weeks that buyers cover beyond the lead time, (S,)."""
    stock: Floats
    """At the end of each week."""
    orders: pd.DataFrame
    """s, d (positions), placed, due, came (weeks), units."""
    ordinary: dict[str, tuple[Ints, Floats]]
    """Of each activation its SKUs and the share of each week on which it runs."""

    @staticmethod
    def of(sample: Sample) -> Truth:
        """Arrange what was drawn."""
        table, truth = sample.tables["skus"], sample.truth["demand"]
        skus = pd.Index(table["sku"])
        doors = pd.Index(sample.truth["buyers"]["door"].unique())
        weeks = pd.DatetimeIndex(np.sort(pd.to_datetime(truth["week"]).unique()))
        arranged = partial(placed, skus=skus, doors=doors, weeks=weeks)
        mean = arranged(truth, "mean")
        better, runs = np.zeros((len(skus), len(weeks))), {}
        lifts = sample.truth["lifts"].merge(sample.truth["events"], on="activation")
        calendar = sample.tables["activations"].set_index("activation")
        for name, rows in lifts.groupby("activation"):
            days = exposure_share(
                calendar.loc[name, "start"], calendar.loc[name, "end"],
                weeks.to_numpy().astype("datetime64[D]"),
            )  # fmt: skip
            featured = np.unique(skus.get_indexer(rows["sku"]))
            better[featured] += rows["log_event"].iloc[0] * days
            runs[str(name)] = featured, days
        buyers = sample.truth["buyers"]
        opinion = np.zeros((len(skus), len(doors)))
        opinion[skus.get_indexer(buyers["sku"]), doors.get_indexer(buyers["door"])] = buyers[
            "opinion"
        ]
        receipts = sample.tables["receipts"]
        orders = pd.DataFrame(
            {
                "s": skus.get_indexer(receipts["sku"]),
                "d": doors.get_indexer(receipts["door"]),
                "placed": weeks.get_indexer(pd.to_datetime(receipts["ordered"])),
                "due": weeks.get_indexer(pd.to_datetime(receipts["original_eta"])),
                "came": weeks.get_indexer(pd.to_datetime(receipts["received"])),
                "units": receipts["units"].to_numpy(dtype=float),
            }
        )
        return Truth(
            sample=sample,
            skus=skus,
            doors=doors,
            weeks=weeks,
            mean=mean * np.exp(-better)[:, None, :],
            foreseen=arranged(truth, "foreseen"),
            opinion=opinion,
            covered=buyers.groupby("sku")["covered"].first()[skus].to_numpy(),
            stock=arranged(sample.tables["inventory"], "on_hand", when="date"),
            orders=orders[orders["d"] >= 0],
            ordinary=runs,
        )


def says(truth: Truth, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a replay with the oracle's probability in the product's place."""
    rng = np.random.default_rng(5)
    found = []
    for as_of, told in rows.groupby("as_of"):
        now = int(truth.weeks.get_loc(pd.Timestamp(as_of)))
        last = int(truth.weeks.get_loc(told["week"].max()))
        skus = np.unique(truth.skus.get_indexer(told["sku"]))
        out = _played(truth, skus, now, last - now, rng)
        for (activation, sku, door), cell in told.groupby(["activation", "sku", "door"]):
            week = truth.weeks.get_indexer(cell["week"]) - now - 1
            s = int(np.searchsorted(skus, truth.skus.get_loc(sku)))
            p = out[:, s, truth.doors.get_loc(door), week.min() : week.max() + 1].any(axis=1)
            found.append((activation, sku, door, float(p.mean())))
    names = ["activation", "sku", "door", "p"]
    joined = rows.merge(pd.DataFrame(found, columns=names), on=names[:3])
    flagged = joined["p"] > Limits().red_probability
    return joined.assign(p_window=joined["p"], flagged=flagged).drop(columns="p")


def _played(
    truth: Truth, skus: Ints, now: int, ahead: int, rng: np.random.Generator
) -> np.ndarray:
    """Whether each shelf runs out in each week ahead, in each of many futures."""
    table = truth.sample.tables["skus"].iloc[skus]
    lead = table["lead_time_weeks"].to_numpy()
    pack = table["case_pack"].to_numpy()[:, None]
    late = table["supplier"].map(drawn.LATE).to_numpy()
    n_doors = len(truth.doors)
    shape = (PATHS, len(skus), n_doors)
    arriving = np.zeros((*shape, ahead + 14))
    orders = truth.orders
    is_open = (orders["placed"] <= now) & ((orders["came"] > now) | (orders["came"] < 0))
    where = pd.Index(skus).get_indexer(orders["s"])
    for i in np.flatnonzero(is_open & (where >= 0)):
        line = orders.iloc[i]
        comes = line["due"] + rng.binomial(2, late[where[i]], PATHS)
        week = np.maximum(comes - now - 1, 0).astype(int)  # what is not here yet comes later
        inside = week < arriving.shape[3]
        paths = np.flatnonzero(inside)
        arriving[paths, where[i], int(line["d"]), week[inside]] += line["units"]
    better = np.zeros((PATHS, len(skus), ahead))
    for featured, days in truth.ordinary.values():
        mine = np.flatnonzero(np.isin(skus, featured))
        runs = days[now + 1 : now + 1 + ahead]
        if len(mine) and runs.any():
            luck = rng.normal(0, drawn.EVENT_SD, PATHS)
            better[:, mine] += luck[:, None, None] * runs
    stock = np.broadcast_to(truth.stock[skus, :, now], shape).copy()
    out = np.zeros((*shape, ahead), dtype=bool)
    weeks = np.arange(len(truth.weeks))
    for t in range(ahead):
        week = now + 1 + t
        available = stock + arriving[:, :, :, t]
        shock = rng.lognormal(-0.5 * 0.10**2, 0.10, (PATHS, len(skus), 1))
        lifted = truth.mean[skus, :, week] * np.exp(better[:, :, t])[:, :, None]
        demand = rng.poisson(lifted * shock * rng.gamma(6, 1 / 6, shape))
        out[:, :, :, t] = demand > available
        stock = np.maximum(available - demand, 0)
        inside = (weeks > week) & (
            weeks[None, :] <= week + (lead + truth.covered[skus])[:, None]
        )
        need = (truth.foreseen[skus] * inside[:, None, :]).sum(axis=2) * truth.opinion[skus]
        position = stock + arriving[:, :, :, t + 1 :].sum(axis=3)
        reviewed = ((skus + week) % 2 == 0)[:, None]
        sold_here = truth.opinion[skus] > 0
        units = np.ceil(np.maximum(need - position, 0) * reviewed * sold_here / pack) * pack
        slip = rng.binomial(2, late, (PATHS, len(skus)))
        for s in range(len(skus)):
            for slipped in range(3):
                at = t + lead[s] + 1 + slipped
                if at < arriving.shape[3]:
                    paths = slip[:, s] == slipped
                    arriving[paths, s, :, at] += units[paths, s]
    return out


def one(seed: int, **buyers: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells of one company, as the product and as the oracle judge them."""
    sample = make_sample(skus=SKUS, doors=DOORS, weeks=WEEKS, seed=seed, **buyers)
    space = imported(sample.tables)
    weeks = replay.as_of_weeks(space.store, (), weeks_ahead=AHEAD, last=WALKED)
    told = [
        replay.foreseen(moment.plan(), weeks_ahead=AHEAD)
        for moment in replay.moments(space.store, (), weeks, workers=2)
    ]
    end = drawn.AS_OF
    rows = pd.concat(told, ignore_index=True)
    happened = replay.happened_since(space.store, rows["week"], end)
    rows = replay.with_outcomes(rows, happened)
    space.close()
    return cells_of(rows), cells_of(says(Truth.of(sample), rows))


def measure() -> dict[str, Any]:
    """Product and oracle over all seeds, by how buyers order."""
    result: dict[str, Any] = {}
    for name, buyers in BUYERS.items():
        pairs = [one(seed, **buyers) for seed in SEEDS]
        ours, best = (pd.concat(cells, ignore_index=True) for cells in zip(*pairs, strict=True))
        came = scored(ours), scored(best)
        expected = expected_skills(ours["p"], best["p"])
        result[name] = {
            "product": came[0].as_dict() | {"expected_skill": round(expected[0], 4)},
            "oracle": came[1].as_dict() | {"expected_skill": round(expected[1], 4)},
            "share_of_skill": round(came[0].skill / came[1].skill, 3),
            "share_of_expected_skill": round(expected[0] / expected[1], 3),
        }
    return result


def expected_skills(p: pd.Series, true: pd.Series) -> tuple[float, float]:
    """Brier skill to be expected of a forecaster who says p, and of the oracle.

    Of a squared error (p - came)^2 the mean is (p - true)^2 + true (1 - true). The oracle's
    figures are counts of played futures: what those scatter is no error of the other's.
    """
    scatter = float((true * (1 - true)).mean()) / PATHS
    base = float(true.mean() * (1 - true.mean()))
    known = float(true.var(ddof=0)) - scatter
    apart = float(((p - true) ** 2).mean()) - scatter
    return (known - apart) / base, known / base


if __name__ == "__main__":
    for buyers, found in measure().items():
        print(
            f"{buyers}: share of skill {found['share_of_skill']:.2f} as it came, "
            f"{found['share_of_expected_skill']:.2f} as it is to be expected"
        )
        for who in ("product", "oracle"):
            s = found[who]
            print(
                f"  {who:8} cells {s['cells']}  out {s['base_rate']:.2f}  skill {s['skill']:.3f}"
                f" ({s['expected_skill']:.3f})"
                f"  AUC {s['auc']:.3f}  recall {s['recall']:.2f}  precision {s['precision']:.2f}"
            )

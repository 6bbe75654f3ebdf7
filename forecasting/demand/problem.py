"""What a fit works on, and what multiplies the level of each series in each week.

A problem is the same for every look at the history: the panel, the laid-out activations and
what was believed of responses before. Effects are the factors of demand beside the level;
those of price, lift and spillover follow from a response by one formula, for history and
future alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from forecasting.demand import priors, spillover
from forecasting.demand.cleansing import Panel
from forecasting.demand.lift import Exposures, Layout
from forecasting.demand.priors import REGULAR, RIVALS, STOCKED, Prior
from forecasting.demand.response import Response
from forecasting.hierarchy import Bools, Floats, Ints

TYPICAL_ALPHA = 0.15
"""Overdispersion of a week's demand, as real and drawn histories have it (.13 to .2)."""


SURPRISING_ALPHA = 0.4
"""Overdispersion of a week's demand, where what an event did to it is not known
either: of weeks not seen whole, and of how far one may surprise."""


LEARNT_AT = (0.4, TYPICAL_ALPHA)
"""Overdispersion at which responses may be learnt: the larger, the more weeks count alike,
however much was sold in them. Held-out weeks choose; where there are none, the first."""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What multiplies the level of each series in each week, history and future; (n, W)."""

    season: Floats
    launch: Floats
    """Of being new."""
    price: Floats
    """Of the regular price, against the series' mean price."""
    lift: Floats
    """Of the cell's own activations."""
    others: Floats
    """Of activations of other SKUs in the class at the door."""
    ahead: Floats
    """Of what was bought ahead in the weeks before."""
    exposed: Bools

    @cached_property
    def baseline(self) -> Floats:
        """Without any activation."""
        return self.season * self.launch * self.price

    @cached_property
    def total(self) -> Floats:
        """Everything."""
        return self.baseline * self.lift * self.others * self.ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a fit works on: the same for every look."""

    panel: Panel
    layout: Layout
    of_class: Ints
    """Class of each series, (n,)."""
    group: Ints
    """Class at a door, (n,)."""
    exposed: Bools
    event: Ints
    """What each cell was exposed to, (n, W): the activation's week, else the SKU's."""
    columns: tuple[str, ...]
    prior: Prior
    event_sd: float = priors.USUAL_EVENT_SD
    """Log lift that doors of one SKU and week share, as far as it is known."""
    learnt_at: float = LEARNT_AT[0]
    """Overdispersion at which responses are learnt."""


def group_of(panel: Panel) -> Ints:
    """Class at a door of each series, (n,)."""
    group: Ints = panel.classes[panel.sku_of] * len(panel.doors) + panel.door_of
    return group


def problem_of(panel: Panel, exposures: Exposures, prior: Prior | None) -> Problem:
    """Lay out what a fit works on; without a prior, what is generally known."""
    columns = (*exposures.columns, *priors.BESIDE)
    layout = Layout.of(exposures.at_prices(panel.followed_price))
    exposed = np.zeros(panel.units.shape, dtype=bool)
    exposed[layout.series, layout.week] = True
    of_class = panel.classes[panel.sku_of]
    return Problem(
        panel=panel,
        layout=layout,
        of_class=of_class,
        group=group_of(panel),
        exposed=exposed,
        event=_events(panel, layout),
        columns=columns,
        prior=prior or priors.usual(columns),
    )


def _events(panel: Panel, layout: Layout) -> Ints:
    """Number of what each cell was exposed to, (n, W); of several activations, the first."""
    n_weeks = len(panel.weeks)
    count = int(layout.exposures.activation.max(initial=-1)) + 1
    first = np.full(len(layout.series), count, dtype=np.int64)
    np.minimum.at(first, layout.cell, layout.exposures.activation)
    event: Ints = (count + panel.sku_of[:, None]) * n_weeks + np.arange(n_weeks)
    event[layout.series, layout.week] = first * n_weeks + layout.week
    return event


def no_effects(problem: Problem) -> Effects:
    """Of which nothing is known yet: every factor is one."""
    ones = np.ones(problem.panel.units.shape)
    return Effects(
        season=ones,
        launch=ones,
        price=ones,
        lift=ones,
        others=ones,
        ahead=ones,
        exposed=problem.exposed,
    )


def effects_of(problem: Problem, found: Response, former: Effects, share: Floats) -> Effects:
    """Multiply a response out over history and future; season and launch stay."""
    panel, layout = problem.panel, problem.layout
    beside = {name: found.columns.index(name) for name in priors.BESIDE}
    logs = layout.log_lifts(found.series[:, : layout.design.shape[1]])
    lifted = np.ones(panel.units.shape)
    lifted[layout.series, layout.week] = np.exp(
        np.bincount(layout.cell, logs, minlength=len(layout.series))
    )
    price = np.exp(found.series[:, [beside[REGULAR]]] * panel.followed_price)
    others = spillover.log_others(lifted * price, share, problem.group)
    ahead = spillover.bought_ahead(lifted, problem.exposed)
    return replace(
        former,
        price=price,
        lift=lifted,
        others=np.exp(found.series[:, [beside[RIVALS]]] * others),
        ahead=np.exp(found.series[:, [beside[STOCKED]]] * ahead),
    )

"""What the first person on a page would wait for, worked out before somebody comes."""

import importlib
from collections.abc import Callable, Iterator
from functools import partial

from forecasting import operation
from forecasting.errors import ConcordError
from forecasting.monthly import buying
from forecasting.plan.live import LivePlan
from forecasting.rights import LOCAL_ADMIN
from forecasting.vocabulary import INPUTS
from forecasting.workspace import Workspace
from pages.components import at_work, frame, measures, options, scores

LOG = operation.log("serve")
FOR = 20_000
"""SKU-doors up to which a company is worked out beforehand: seconds of a processor. A larger
one's people would be kept from their first page by it; there, who looks asks."""
RISKS, QUARTERS = 4, 2
"""So many risks are worked out as if somebody had gone on to them, and so many quarters, the
latest first."""
LIBRARIES = ("scipy.stats", "openpyxl", "pages.components.charts")
"""Loaded by what few pages need, each for tenths of a second and more."""


def up() -> None:
    """Load and work out; people may come meanwhile. What fails is told by the page that asks."""
    for name in LIBRARIES:
        importlib.import_module(name)
    space = frame.workspace()
    if not space.has_forecast:
        return
    n_skus, n_doors, _ = space.plan.base.shape3
    if n_skus * n_doors > FOR:
        return
    try:
        with frame.speaking_for(LOCAL_ADMIN.id):
            _work_out(space)
    except ConcordError as error:
        LOG.fault("not_worked_out", error)


def _work_out(space: Workspace) -> None:
    """What most people look at: short SKUs, last week, the buy plan, the quarter, past cycles."""
    by = LOCAL_ADMIN.id
    space.weekly.last_week(by)
    space.weekly.late_receipts(by)
    space.weekly.what_decisions_did(by)
    for plan in _plans(space):
        frame.watch_list(plan)
        buying.rows(plan)
        buying.open_to_buy(plan)
    is_summed = space.quarters.has_sales() and space.quarters.is_fresh()
    if is_summed:
        measures.card(str(space.quarters.usual()))
    if space.cycles.published():
        for function in INPUTS:
            scores.by_reason(function.value)
    for step in _next(space, is_summed=is_summed):
        at_work.PAGES.give_way()
        step()


def _plans(space: Workspace) -> list[LivePlan]:
    """What people look at: the draft comes second, and not while it differs for everybody."""
    working = space.working_plan_for(LOCAL_ADMIN.id)
    is_blind = space.plan_for(LOCAL_ADMIN.id) is not space.plan
    return [working] if is_blind else list(dict.fromkeys((working, space.plan)))


def _next(space: Workspace, *, is_summed: bool) -> Iterator[Callable[[], object]]:
    """What people do on those pages first: the next risks, the other plan, another quarter."""
    for plan in _plans(space):
        for one in frame.watch_list(plan)[:RISKS]:
            yield partial(options.offered, plan, one.activation, one.sku)
    if is_summed:
        for quarter in space.quarters.quarters()["quarter"].head(QUARTERS):
            yield partial(measures.card, str(quarter))

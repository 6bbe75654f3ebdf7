"""What the first person on a page would wait for, worked out before somebody comes."""

import importlib

from forecasting import operation
from forecasting.errors import ConcordError
from forecasting.monthly import buying
from forecasting.rights import LOCAL_ADMIN
from forecasting.vocabulary import INPUTS
from forecasting.workspace import Workspace
from pages.components import frame, measures, scores

LOG = operation.log("serve")
FOR = 20_000
"""SKU-doors up to which a company is worked out beforehand: seconds of a processor. A larger
one's people would be kept from their first page by it; there, who looks asks."""
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
    # The draft comes second, and not while it looks different to everybody.
    for plan in dict.fromkeys((space.working_plan_for(by), space.plan)):
        frame.watch_list(plan)
        buying.rows(plan)
        buying.open_to_buy(plan)
        if space.plan_for(by) is not space.plan:
            break
    if space.quarters.has_sales() and space.quarters.is_fresh():
        measures.card(str(space.quarters.usual()))
    if space.cycles.published():
        for function in INPUTS:
            scores.by_reason(function.value)

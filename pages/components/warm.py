"""What the first person on a page would wait for, worked out before somebody comes."""

import importlib

from forecasting import operation
from forecasting.errors import ConcordError
from forecasting.monthly import buying
from forecasting.rights import LOCAL_ADMIN
from pages.components import frame

LOG = operation.log("serve")
FOR = 20_000
"""SKU-doors up to which a company is worked out beforehand: seconds of a processor. A larger
one's people would be kept from their first page by it; there, who looks asks."""
LIBRARIES = ("scipy.stats", "openpyxl", "pages.components.charts")
"""Loaded by what few pages need, each for tenths of a second and more."""


def up() -> None:
    """Load and work out; people may come meanwhile. What fails is told by the page that needs it."""
    for name in LIBRARIES:
        importlib.import_module(name)
    space = frame.workspace()
    if not space.has_forecast:
        return
    n_skus, n_doors, _ = space.plan.base.shape3
    if n_skus * n_doors > FOR:
        return
    try:
        shown = space.working_plan_for(LOCAL_ADMIN.id)
        frame.watch_list(shown)
        buying.rows(shown)
        buying.open_to_buy(shown)
    except ConcordError as error:
        LOG.fault("not_worked_out", error)

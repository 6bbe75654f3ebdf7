"""What a sale sign does, found in a drawn company where it does much, or nothing."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from forecasting.calendar import weeks_from
from forecasting.demand import lift, model
from tests import company

WEEKS, KNOWN = weeks_from(dt.date(2024, 1, 7), 82), 80
SKUS = pd.DataFrame({"sku": [f"S{i:02d}" for i in range(16)], "class": "a", "department": "d"})
DOORS = [f"D{k}" for k in range(6)]
SERIES = pd.DataFrame([(s, d) for s in SKUS["sku"] for d in DOORS], columns=["sku", "door"])
CUTS = (0.0, 0.05, 0.25)


def features(rng):
    """One SKU in five is featured each week, with no cut, a small or a large one."""
    rows = []
    for number, week in enumerate(WEEKS):
        day = pd.Timestamp(week).date()
        chosen = [0, 1, 2] if number >= KNOWN else rng.choice(len(SKUS), 3, replace=False)
        rows += [
            (3 * number + k, "feature", SKUS["sku"][s], None, day, day + dt.timedelta(6),
             CUTS[k] or None, np.nan)
            for k, s in enumerate(chosen)
        ]  # fmt: skip
    columns = ["activation", "type", "sku", "door", "start", "end", "discount", "lift"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize("sign", [0.0, 0.7])
def test_small_cuts_sell_as_much_as_their_sign_is_worth(sign):
    rng = np.random.default_rng(7)
    items = features(rng)
    exposures = lift.expose(items, SERIES, kinds=["feature"], weeks=WEEKS)
    log_lift = np.zeros((len(SERIES), len(WEEKS)))
    cut = exposures.log_price < 0
    log_lift[exposures.series, exposures.week] = (
        0.2
        + sign * cut
        - 2.0 * exposures.log_price
        + rng.normal(0, 0.1, len(WEEKS) * 3)[exposures.activation]
    )
    mean = rng.uniform(4, 9, (len(SERIES), 1)) * np.exp(log_lift)
    units = rng.poisson(mean * rng.gamma(8, 1 / 8, mean.shape))
    panel = company.panel_of(units[:, :KNOWN], SERIES, skus=SKUS, doors=DOORS, weeks=WEEKS)
    told = model.predict(model.fit(panel, exposures, known=KNOWN), panel)
    told = told[told["promoted"]]
    times = (told["forecast"] / told["baseline"]).groupby(panel.sku_of[told["series"]]).mean()
    true = np.exp([0.2, 0.2 + sign - 2 * np.log(0.95), 0.2 + sign - 2 * np.log(0.75)])
    np.testing.assert_allclose(times, true, rtol=0.17)

"""What habits of files cost: a drawn company, each habit on a fifth of its SKUs or doors.

The forecast of the weeks ahead is compared with the true mean, with the habit and without. What
is known of demand is the same in both files (or nearly: a shut door has sold less), so the
errors must be nearly the same too: within `COST` of each other, over the whole company and over
the SKUs and doors that have the habit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecasting.demand import model, worker
from forecasting.demand.accuracy import wape
from forecasting.sample.company import make_sample
from tests.company import imported

AHEAD = 8
COST = 1.1
TOLD = (
    "skus", "doors", "sales", "inventory", "prices", "ranging", "activations",
    "activation_items",
)  # fmt: skip
WEEK = pd.Timedelta(weeks=1)
DOOR = "D02"
"""One selling door of five."""

Tables = dict[str, pd.DataFrame]


def among(frame: pd.DataFrame, chosen: pd.DataFrame) -> np.ndarray:
    """Rows of a table whose SKU and door were chosen."""
    pairs = pd.MultiIndex.from_frame(chosen[["sku", "door"]])
    return pd.MultiIndex.from_frame(frame[["sku", "door"]]).isin(pairs)


def fifth(tables: Tables, place: int) -> pd.DataFrame:
    """A fifth of the SKU-doors that are sold for as long as there is history."""
    listed = tables["ranging"]
    always = listed["from"].isna() & listed["to"].isna()
    pairs = listed.loc[always, ["sku", "door"]].reset_index(drop=True)
    return pairs[np.arange(len(pairs)) % 5 == place].reset_index(drop=True)


class Drawn:
    """A company with clean files, some SKUs of which were brought to some doors of late."""

    def __init__(self) -> None:
        sample = make_sample(skus=40, doors=6, weeks=80, seed=31)
        tables = {name: sample.tables[name] for name in TOLD}
        self.truth = sample.truth["demand"]
        self.last = tables["sales"]["date"].max()
        self.launched = self.last - 11 * WEEK
        self.late, self.fifth = fifth(tables, 2), fifth(tables, 0)
        sales, held, listed = tables["sales"], tables["inventory"], tables["ranging"].copy()
        listed.loc[among(listed, self.late), "from"] = self.launched.date()
        early = among(held, self.late) & (held["date"] < self.launched)
        self.before = held[early]
        self.tables = {
            **tables,
            "sales": sales[~(among(sales, self.late) & (sales["date"] < self.launched))],
            "inventory": held[~early],
            "ranging": listed,
        }
        self.at_door = listed.loc[listed["door"] == DOOR, ["sku", "door"]]
        self.clean = self.forecast(self.tables)

    def forecast(self, tables: Tables) -> pd.DataFrame:
        """Cells of the weeks ahead: the true mean and the forecast."""
        space = imported(tables)
        with space.runs.inputs(None) as folder:
            panel, exposures, known = worker.read_block(folder, "0", horizon=AHEAD)
        space.close()
        assert panel.weeks[known - 1] == self.last.to_numpy().astype("datetime64[D]")
        rows = model.predict(model.fit(panel, exposures, known=known), panel)
        rows = rows.assign(
            sku=panel.skus[panel.sku_of[rows["series"]]],
            door=panel.doors[panel.door_of[rows["series"]]],
            week=panel.weeks[known:][rows["week"]],
        )
        return self.truth[["sku", "door", "week", "mean"]].merge(
            rows[["sku", "door", "week", "forecast"]], on=["sku", "door", "week"]
        )

    def cost(self, tables: Tables, chosen: pd.DataFrame) -> tuple[float, float]:
        """Error with a habit over that without: of the company, and of who has it."""
        told = self.forecast(tables)
        cells = ["sku", "door", "week"]
        assert set(self.clean[cells].itertuples(index=False)) <= set(
            told[cells].itertuples(index=False)
        )
        both = self.clean.merge(told, on=[*cells, "mean"], suffixes=("_clean", ""))
        mine = both.merge(chosen, on=["sku", "door"])
        assert 0.1 * len(both) < len(mine) < 0.5 * len(both)
        of_all, of_mine = (
            wape(rows["mean"].to_numpy(), rows["forecast"].to_numpy())
            / wape(rows["mean"].to_numpy(), rows["forecast_clean"].to_numpy())
            for rows in (both, mine)
        )
        return of_all, of_mine


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return Drawn()


Habit = Callable[[Drawn], tuple[Tables, pd.DataFrame]]


def stock_before_launch(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """Nine of each lie in the door for five weeks before it may be sold there."""
    waits = drawn.before[drawn.before["date"] >= drawn.launched - 5 * WEEK]
    held = pd.concat([drawn.tables["inventory"], waits.assign(on_hand=9.0)])
    return {**drawn.tables, "inventory": held}, drawn.late


def a_refit(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """The shelf was away for seven weeks, its stock stayed."""
    shut, opens = drawn.last - 11 * WEEK, drawn.last - 4 * WEEK
    sales, listed = drawn.tables["sales"], drawn.tables["ranging"]
    inside = among(sales, drawn.fifth) & (sales["date"] >= shut) & (sales["date"] < opens)
    mine = among(listed, drawn.fifth)
    before = listed[mine].assign(to=(shut - pd.Timedelta(days=1)).date())
    after = listed[mine].assign(**{"from": opens.date()})
    spans = pd.concat([listed[~mine], before, after])
    return {**drawn.tables, "sales": sales[~inside], "ranging": spans}, drawn.fifth


def rows_only_when_sold(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """Weeks of nothing are left out, and stock is counted at the end only."""
    sales, held = drawn.tables["sales"], drawn.tables["inventory"]
    nothing = among(sales, drawn.fifth) & (sales["units"] == 0) & (sales["in_stock"] == 1)
    earlier = among(held, drawn.fifth) & (held["date"] < drawn.last)
    kept = {"sales": sales[~nothing], "inventory": held[~earlier]}
    return {**drawn.tables, **kept}, drawn.fifth


def a_door_without_its_zeros(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """A whole door of which only what sold is told."""
    sales, held = drawn.tables["sales"], drawn.tables["inventory"]
    nothing = (sales["door"] == DOOR) & (sales["units"] == 0) & (sales["in_stock"] == 1)
    earlier = (held["door"] == DOOR) & (held["date"] < drawn.last)
    kept = {"sales": sales[~nothing], "inventory": held[~earlier]}
    return {**drawn.tables, **kept}, drawn.at_door


def a_silent_door(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """Its last three files did not come, and two of a year ago."""
    sales = drawn.tables["sales"]
    weeks = [
        *(drawn.last - k * WEEK for k in (1, 2, 3)),
        *(drawn.last - k * WEEK for k in (50, 51)),
    ]
    lost = (sales["door"] == DOOR) & sales["date"].isin(weeks)
    return {**drawn.tables, "sales": sales[~lost]}, drawn.at_door


def a_door_that_often_goes_untold(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """One of its weekly files in eight is missing, here and there."""
    sales = drawn.tables["sales"]
    number = (drawn.last - sales["date"]).dt.days // 7
    lost = (sales["door"] == DOOR) & number.isin([1, 9, 15, 24, 31, 40, 48, 55, 63, 70])
    return {**drawn.tables, "sales": sales[~lost]}, drawn.at_door


def styles(drawn: Drawn) -> pd.DataFrame:
    """SKUs and doors of a fifth of the styles."""
    skus = drawn.tables["skus"]
    chosen = sorted(skus["style"].unique())[::5]
    mine = skus.loc[skus["style"].isin(chosen), ["sku"]]
    return mine.merge(drawn.tables["ranging"][["sku", "door"]].drop_duplicates(), on="sku")


def offers_under_two_names(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """Past and planned activations of a fifth of the styles are in the calendar twice."""
    skus, acts = drawn.tables["skus"], drawn.tables["activations"]
    items, chosen = drawn.tables["activation_items"], styles(drawn)
    mine = items[items["style"].isin(skus.loc[skus["sku"].isin(chosen["sku"]), "style"])]
    again = acts[acts["activation"].isin(mine["activation"])]
    copies = [frame.assign(activation=frame["activation"] + "-B") for frame in (again, mine)]
    return {
        **drawn.tables,
        "activations": pd.concat([acts, copies[0]]),
        "activation_items": pd.concat([items, copies[1]]),
    }, chosen


def a_style_and_its_skus(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """Beside the style's own row, each of its SKUs has one."""
    skus, chosen = drawn.tables["skus"], styles(drawn)
    items = drawn.tables["activation_items"]
    of_style = skus.loc[skus["sku"].isin(chosen["sku"]), ["sku", "style"]]
    own = items.drop(columns="sku").merge(of_style, on="style").assign(style=None)
    return {**drawn.tables, "activation_items": pd.concat([items, own])}, chosen


def a_sale_around_each_offer(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """Half the discount is entered once more for the same days, as a sale of its own."""
    skus, chosen = drawn.tables["skus"], styles(drawn)
    acts, items = drawn.tables["activations"], drawn.tables["activation_items"]
    of_style = skus.loc[skus["sku"].isin(chosen["sku"]), "style"]
    mine = items[items["style"].isin(of_style) & (items["discount"] > 0)]
    around = acts[acts["activation"].isin(mine["activation"])]
    return {
        **drawn.tables,
        "activations": pd.concat(
            [acts, around.assign(activation=around["activation"] + "-S", type="price")]
        ),
        "activation_items": pd.concat(
            [
                items,
                mine.assign(
                    activation=mine["activation"] + "-S", discount=mine["discount"] / 2
                ),
            ]
        ),
    }, chosen


def a_running_week(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """One door has sent two days of the week that is not over."""
    sales = drawn.tables["sales"]
    now = sales[(sales["door"] == DOOR) & (sales["date"] == drawn.last)]
    part = now.assign(date=drawn.last + WEEK, units=now["units"] * 2 // 7)
    return {**drawn.tables, "sales": pd.concat([sales, part])}, drawn.at_door


def weeks_named_by_their_last_day(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """One door dates its weeks by Saturday, all others by Sunday."""
    made = dict(drawn.tables)
    for name in ("sales", "inventory"):
        frame = drawn.tables[name]
        late = pd.to_timedelta(np.where(frame["door"] == DOOR, 6, 0), "D")
        made[name] = frame.assign(date=frame["date"] + late)
    return made, drawn.at_door


def old_counts(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """One door has not counted for five weeks, and before that every third week."""
    held = drawn.tables["inventory"]
    number = (drawn.last - held["date"]).dt.days // 7
    counted = (number >= 5) & (number % 3 == 0)
    kept = held[(held["door"] != DOOR) | counted]
    return {**drawn.tables, "inventory": kept}, drawn.at_door


def price_lists_sent_again(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """One door has a price list of its own, sent every quarter and into the year ahead."""
    prices = drawn.tables["prices"]
    days = pd.date_range(drawn.last - 60 * WEEK, drawn.last + 20 * WEEK, freq="91D")
    again = prices.drop(columns=["date", "door"]).merge(
        pd.DataFrame({"date": [d.date() for d in days], "door": DOOR}), how="cross"
    )
    return {**drawn.tables, "prices": pd.concat([prices, again])}, drawn.at_door


def lifts_stated_at_the_edge(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """Past activations of a fifth of the styles carry a stated lift of fifty or of none."""
    skus, chosen = drawn.tables["skus"], styles(drawn)
    acts, items = drawn.tables["activations"], drawn.tables["activation_items"]
    over = acts.loc[pd.to_datetime(acts["end"]) <= drawn.last, "activation"]
    of_style = skus.loc[skus["sku"].isin(chosen["sku"]), "style"]
    mine = items["style"].isin(of_style) & items["activation"].isin(over)
    stated = np.where(np.arange(len(items)) % 2, 50.0, 0.0)
    return {
        **drawn.tables,
        "activation_items": items.assign(lift=np.where(mine, stated, np.nan)),
    }, chosen


def free(drawn: Drawn, *, past: bool, coming: bool, cuts: bool) -> tuple[Tables, pd.DataFrame]:
    """Activations of a fifth of the styles entered as 100% off: gifts, or price cuts too."""
    skus, chosen = drawn.tables["skus"], styles(drawn)
    acts, items = drawn.tables["activations"], drawn.tables["activation_items"]
    over = acts.loc[pd.to_datetime(acts["end"]) <= drawn.last, "activation"]
    of_style = skus.loc[skus["sku"].isin(chosen["sku"]), "style"]
    is_over = items["activation"].isin(over)
    mine = items["style"].isin(of_style) & ((past & is_over) | (coming & ~is_over))
    typed = mine & (cuts | ~(items["discount"] > 0))
    assert typed.any()
    return {
        **drawn.tables,
        "activation_items": items.assign(discount=items["discount"].mask(typed, 1.0)),
    }, chosen


def gifts_entered_as_free(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """A gift with the purchase was entered as 100% off: past ones of a fifth of the styles."""
    return free(drawn, past=True, coming=False, cuts=False)


def coming_gifts_entered_as_free(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """A gift with the purchase is entered as 100% off, where it is still to come."""
    return free(drawn, past=False, coming=True, cuts=False)


def gifts_always_entered_as_free(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """A gift with the purchase is entered as 100% off, past and coming."""
    return free(drawn, past=True, coming=True, cuts=False)


def offers_entered_as_free(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """Whatever is offered of a fifth of the styles is typed as 100% off, price cuts too."""
    return free(drawn, past=True, coming=True, cuts=True)


def returns_in_rows_of_their_own(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """A third of what a fifth of the SKU-doors sold comes back, mostly in the week after."""
    sales = drawn.tables["sales"]
    mine = sales[among(sales, drawn.fifth) & (sales["units"] >= 2)]
    back = mine.assign(
        units=-(mine["units"] // 3).clip(lower=1), revenue=-mine["revenue"] / 3,
        in_stock=np.nan, date=mine["date"] + pd.Timedelta(days=9),
    )  # fmt: skip
    back = back[back["date"] < drawn.last + WEEK]
    return {**drawn.tables, "sales": pd.concat([sales, back])}, drawn.fifth


def stock_that_is_owed(drawn: Drawn) -> tuple[Tables, pd.DataFrame]:
    """Where nothing was left, customers' orders that wait are counted as stock below nothing."""
    held = drawn.tables["inventory"]
    owed = among(held, drawn.fifth) & (held["on_hand"] == 0)
    return {
        **drawn.tables,
        "inventory": held.assign(on_hand=np.where(owed, -4.0, held["on_hand"])),
    }, drawn.fifth


HABITS: tuple[Habit, ...] = (
    stock_before_launch, a_refit,
    rows_only_when_sold, a_door_without_its_zeros, a_silent_door,
    a_door_that_often_goes_untold,
    offers_under_two_names, a_style_and_its_skus, a_sale_around_each_offer,
    a_running_week, weeks_named_by_their_last_day, old_counts,
    price_lists_sent_again,
    lifts_stated_at_the_edge, gifts_entered_as_free,
    coming_gifts_entered_as_free, gifts_always_entered_as_free, offers_entered_as_free,
    returns_in_rows_of_their_own, stock_that_is_owed,
)  # fmt: skip


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.__name__)
def test_a_habit_of_files_costs_no_accuracy(drawn: Drawn, habit: Habit) -> None:
    tables, chosen = habit(drawn)
    of_all, of_mine = drawn.cost(tables, chosen)
    print(f"{habit.__name__}: {of_all:.3f} {of_mine:.3f}")
    assert of_all <= COST
    assert of_mine <= COST


def test_units_from_which_returns_are_taken_off_are_forecast_as_they_are_told(
    drawn: Drawn,
) -> None:
    """A third of what a fifth of the SKU-doors sold comes back, taken off the next week's units.

    Such a file holds net demand, and weeks below nothing: net demand is what is foreseen.
    """
    back, sales = 1 / 3, drawn.tables["sales"]
    mine = sales[among(sales, drawn.fifth) & (sales["date"] < drawn.last)]
    taken = mine.assign(
        units=-np.random.default_rng(7).binomial(mine["units"].astype(int), back),
        revenue=0.0, in_stock=np.nan, date=mine["date"] + WEEK,
    )  # fmt: skip
    netted = (
        pd.concat([sales, taken])
        .groupby(["sku", "door", "date"], as_index=False)
        .agg(units=("units", "sum"), revenue=("revenue", "sum"), in_stock=("in_stock", "max"))
    )
    assert (netted["units"] < 0).any()
    told = drawn.forecast({**drawn.tables, "sales": netted})
    both = drawn.clean.merge(told, on=["sku", "door", "week", "mean"], suffixes=("_clean", ""))
    mine = both.merge(drawn.fifth, on=["sku", "door"])
    clean = wape(mine["mean"].to_numpy(), mine["forecast_clean"].to_numpy())
    net = wape((1 - back) * mine["mean"].to_numpy(), mine["forecast"].to_numpy())
    print(f"returns netted: {net / clean:.3f}")
    assert net <= COST * clean

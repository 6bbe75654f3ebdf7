"""A replay knows nothing that came later."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import Refused
from forecasting.inventory.replay import compared_with_actuals
from forecasting.record import replay
from forecasting.sample.company import make_sample
from forecasting.workspace import Workspace
from tests.company import imported

AHEAD = 6


@pytest.fixture(scope="module")
def one_moment(company):
    """The last as-of week of the sample company, twice: as it is, and with another future."""
    import shutil
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp())
    plain = Workspace(Path(shutil.copy(company, folder / "plain.duckdb")))
    (week,) = replay.as_of_weeks(plain.store, (), weeks_ahead=AHEAD, last=1)
    other = Workspace(Path(shutil.copy(company, folder / "other.duckdb")))
    later = pd.Timestamp(week) + pd.Timedelta(7, "D")
    for name, column in (("sales", "units"), ("inventory", "on_hand")):
        rows = other.store.table(name)
        after = pd.to_datetime(rows["date"]) >= later
        assert after.any()
        rows.loc[after, column] = rows.loc[after, column] * 3 + 7
        rows[after].to_parquet(folder / f"{name}.parquet", index=False)
    receipts = other.store.table("receipts")
    new = receipts[pd.to_datetime(receipts["ordered"]) >= later].assign(units=999)
    new = pd.concat([new, receipts[pd.to_datetime(receipts["ordered"]) < later]])
    new.to_parquet(folder / "receipts.parquet", index=False)
    late = other.store.table("activations").tail(1).assign(
        activation="LATE", name="Told late", known_from=later.date(), lock_date=None,
        start=week + pd.Timedelta(7 * AHEAD, "D"), end=week + pd.Timedelta(7 * AHEAD + 6, "D"),
    )  # fmt: skip
    late.to_parquet(folder / "activations.parquet", index=False)
    sku = other.store.table("skus")["sku"].iloc[0]
    pd.DataFrame({"activation": ["LATE"], "sku": [sku], "discount": [0.4]}).to_parquet(
        folder / "activation_items.parquet", index=False
    )
    names = ("sales", "inventory", "receipts", "activations", "activation_items")
    other.import_files("admin", [folder / f"{n}.parquet" for n in names])
    found = [next(replay.moments(s.store, (), [week])) for s in (plain, other)]
    yield found, week, plain
    plain.close()
    other.close()


def test_nothing_that_came_later_changes_what_the_bridge_would_have_flagged(one_moment):
    (plain, other), _, _ = one_moment
    flagged = [replay.foreseen(m.plan(), weeks_ahead=AHEAD) for m in (plain, other)]
    assert len(flagged[0])
    pd.testing.assert_frame_equal(*flagged)


def test_an_activation_that_was_told_later_is_not_in_the_calendar_of_then(one_moment):
    (_, other), _, _ = one_moment
    assert "LATE" not in {a.activation for a in other.activations}


def test_what_was_told_later_stands_as_not_flagged_with_no_risk(one_moment):
    (_, other), _, _ = one_moment
    space_calendar = {a.activation: a for a in other.activations}
    late = next(
        a for a in space_calendar.values()
        if a.start == other.as_of + dt.timedelta(7 * AHEAD) and a.items
    )  # fmt: skip
    # As the calendar of then without it, or without one of its SKUs, and with it today.
    without = replace(other, activations=tuple(a for a in other.activations if a is not late))
    told = replay.foreseen(other.plan(), weeks_ahead=AHEAD)
    told_of_it = told[told["activation"] == late.activation]
    every = set(told_of_it["sku"])
    one = next(i.sku for i in late.items if i.sku in every)
    fewer = replace(late, items=tuple(i for i in late.items if i.sku != one))
    without_one = replace(
        other, activations=tuple(fewer if a is late else a for a in other.activations)
    )
    for moment, missed in ((without, every), (without_one, {one})):
        then = replay.foreseen(moment.plan(), weeks_ahead=AHEAD)
        rows = replay.told_late(moment, then, list(space_calendar.values()), weeks_ahead=AHEAD)
        assert set(rows["activation"]) == {late.activation}
        assert set(rows["sku"]) == missed
        assert not rows["flagged"].any()
        assert rows[["p_stockout", "p_window", "units_short"]].isna().all(axis=None)
        assert len(rows) == told_of_it["sku"].isin(missed).sum()
    nothing = replay.told_late(other, told, list(space_calendar.values()), weeks_ahead=AHEAD)
    assert nothing.empty


def test_featured_skus_are_known_as_early_as_their_activation(tmp_path):
    tables = {
        "doors": pd.DataFrame({"door": ["D"]}),
        "skus": pd.DataFrame({"sku": ["A", "B"], "class": ["C", "C"]}),
        "activations": pd.DataFrame(
            {
                "activation": ["X", "Y"], "type": ["email", "email"],
                "start": [dt.date(2026, 8, 9)] * 2, "end": [dt.date(2026, 8, 15)] * 2,
                "known_from": [dt.date(2026, 5, 17), None],
            }
        ),
        "activation_items": pd.DataFrame({"activation": ["X", "X", "Y"], "sku": ["A", "B", "A"]}),
    }  # fmt: skip
    space = imported(tables)
    text = " ".join(replay.assumptions(space.store))
    assert "1 of 2 activations have no known_from" in text
    assert "1 of 3 featured SKUs have no known_from" in text
    space.close()


def test_orders_stand_at_the_date_that_was_promised_then(one_moment):
    (plain, _), week, space = one_moment
    receipts = space.store.query("receipts_known_at", as_of=week)
    every = space.store.table("receipts").set_index(["receipt", "sku", "door"])
    promised = every["original_eta"].reindex(
        pd.MultiIndex.from_frame(receipts[["receipt", "sku", "door"]])
    )
    assert (
        pd.to_datetime(receipts["eta"]).to_numpy() == pd.to_datetime(promised).to_numpy()
    ).all()
    assert (
        pd.to_datetime(receipts["ordered"]) < pd.Timestamp(week) + pd.Timedelta(7, "D")
    ).all()
    assert np.isfinite(plain.base.receipts["units"]).all()


def test_rows_stand_beside_what_happened(one_moment):
    (plain, _), week, space = one_moment
    rows = replay.foreseen(plain.plan(), weeks_ahead=AHEAD)
    happened = replay.happened_since(space.store, rows["week"], space.plan.base.as_of)
    joined = replay.with_outcomes(rows, happened)
    assert tuple(joined.columns) == replay.ROWS
    assert joined["stocked_out"].notna().mean() > 0.8
    assert (joined["as_of"] == pd.Timestamp(week)).all()


def test_what_empty_shelves_lost_is_near_the_truth_and_shares_alone_would_say_half(space):
    """The sample knows the demand: seed and size are those of the shared company."""
    demand = make_sample(skus=72, doors=7, weeks=110, seed=7).truth["demand"]
    since = space.plan.base.weeks[0].astype(object) - dt.timedelta(7 * 60)
    end = space.plan.base.as_of
    lost = {}
    for name, run in (("run", space.runs.in_force()), ("shares", None)):
        found = replay.happened_since(
            space.store, pd.Series([pd.Timestamp(since)]), end, run=run
        )
        found = found[found["stocked_out"].fillna(False).astype(bool)]
        beside = found.merge(
            demand.assign(week=pd.to_datetime(demand["week"])), on=["sku", "door", "week"]
        )
        lost[name] = beside["units_lost"].sum()
        truth = (beside["demand"] - beside["units"]).clip(lower=0).sum()
    assert truth > 1_000
    assert lost["run"] == pytest.approx(truth, rel=0.15)
    assert lost["shares"] < 0.75 * truth


def test_a_company_without_past_activations_says_why_there_is_nothing_to_replay(space):
    with pytest.raises(Refused, match="nothing to replay"):
        replay.as_of_weeks(space.store, (), weeks_ahead=90, last=5)


def test_a_replay_is_kept_and_found_again_after_a_restart(space):
    made = space.hindsight.replay("dana", weeks_ahead=AHEAD, last=1)
    path = space.store.path
    space.close()
    again = Workspace(path)
    kept = again.hindsight.last_replay()
    assert kept.scores.as_dict() == made.scores.as_dict()
    assert kept.person == made.person
    assert kept.saved.as_dict() == made.saved.as_dict()
    assert len(kept.cuts) == len(made.cuts)
    again.close()


def test_what_would_have_been_moved_is_compared_with_what_was_lost(one_moment):
    (plain, other), _, space = one_moment
    moves, cuts = replay.recommended(plain.plan(), weeks_ahead=AHEAD)
    assert tuple(moves.columns) == replay.MOVES
    assert tuple(cuts.columns) == replay.CUTS
    assert len(moves)
    assert len(cuts)
    later = replay.recommended(other.plan(), weeks_ahead=AHEAD)
    for mine, theirs in zip((moves, cuts), later, strict=True):
        pd.testing.assert_frame_equal(mine, theirs)  # nothing that came later is in it
    rows = replay.foreseen(plain.plan(), weeks_ahead=AHEAD)
    happened = replay.happened_since(space.store, moves["leaves"], space.plan.base.as_of)
    found, less = compared_with_actuals(moves, cuts, happened, rows)
    assert (found["saved"] <= found["units"] + 1e-9).all()
    assert (found["lacked"] <= found["units"] + 1e-9).all()
    lost = happened.merge(moves[["sku", "door"]].drop_duplicates())["units_lost"].sum()
    assert found["saved"].sum() <= lost
    flagged = set(rows[rows["status"].isin(["red", "amber"])]["sku"])
    assert set(moves["sku"]) | set(cuts["sku"]) <= flagged
    assert cuts["cut"].between(0, 1).all()
    assert found["saved"].sum() + less["prevented"].sum() <= happened["units_lost"].sum()
    assert (less[["prevented", "given_up"]] >= 0).all(axis=None)

"""One plan: what a change of the calendar does to demand is the same in every plan."""

import dataclasses
import datetime as dt
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation, Item
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import WhatIf
from forecasting.workspace import Workspace
from tests.cycling import open_cycle
from tests.monthly.test_cycle import busiest, publish, scope

CHANGES = 7
"""One of every kind; the last is taken back again."""


def upcoming(plan) -> list[Activation]:
    return [a for a in plan.activations() if a.is_live and plan.scope_weeks(a)[0] > 0]


def changed_at_random(plan, rng, number: int) -> Activation:
    """An activation as somebody might change it: every kind of change comes up."""
    one = upcoming(plan)[rng.integers(len(upcoming(plan)))]
    item = one.items[rng.integers(len(one.items))]
    sku = plan.sku_index[item.sku]
    rivals = [s for s in np.flatnonzero(plan.base.rivals == plan.base.rivals[sku]) if s != sku]
    match number % 7:
        case 0:
            return one.cancelled()
        case 1:
            by = dt.timedelta(int(rng.integers(-3, 15)))
            return dataclasses.replace(one, start=one.start + by, end=one.end + by)
        case 2:
            cut = [
                dataclasses.replace(i, discount=float(rng.choice([0, 0.1, 0.4])))
                for i in one.items
            ]
            return dataclasses.replace(one, items=tuple(cut))
        case 3:
            return one.with_lift(item.sku, float(rng.choice([0.5, 1.5, 4.0])))
        case 4:  # another SKU of the class in its place
            instead = plan.sku_names[int(rng.choice(rivals))] if rivals else item.sku
            items = [
                Item(sku=instead, discount=i.discount) if i.sku == item.sku else i
                for i in one.items
            ]
            return dataclasses.replace(one, items=tuple(dict.fromkeys(items)))
        case 5:
            start = as_date(plan.base.weeks[int(rng.integers(1, 20))])
            names = rng.choice(plan.sku_names, size=4, replace=False)
            return Activation(
                activation=f"NEW{number}-{rng.integers(10**6)}", name="New", type="price",
                start=start, end=start + dt.timedelta(int(rng.integers(0, 20))),
                items=tuple(Item(sku=str(n), discount=0.3) for n in names),
            )  # fmt: skip
        case _:  # the same campaign under a second name
            return dataclasses.replace(one, activation=f"TWIN{number}-{rng.integers(10**6)}")


def drafts(plan) -> list[np.ndarray]:
    return [plan.sku(s).draft for s in range(len(plan.sku_names))]


def people_speak(space, rng) -> None:
    """Numbers, changes in per cent, and one aimed at an activation, in three inputs."""
    plan = space.plan
    ones = [a for a in upcoming(plan) if not a.activation.startswith("TWIN")]
    one = ones[rng.integers(len(ones))]
    first = plan.scope_weeks(one)[0]
    featured = [plan.sku_index[i.sku] for i in one.items]
    able = [s for s in featured if plan.sku(s).active[:, first].any()]
    if able:
        aimed = scope(space, able[0], first, activation=one.activation)
        space.override("mara", aimed, "add", 30, reason="EVENT")
        space.override("ines", scope(space, able[0], first), "percent", -40, reason="PRICE")
    sku = int(
        rng.choice(
            [s for s in range(len(plan.sku_names)) if plan.sku(s).active[:, first].any()]
        )
    )
    space.override("dana", scope(space, sku, first), "set", 90, reason="TREND")


def as_published(space) -> LivePlan:
    """The calendar of today with the inputs and agreements of the last publication."""
    version, plan = space.last_version(), space.plan
    query = space.store.query
    return LivePlan(
        plan.base,
        activations=space.calendar.activations,
        inputs=query("input_at", seq=version.version, first_week=as_date(plan.base.weeks[0])),
        agreed=query("agreed_at", cycle=version.cycle, seq=version.version),
        weights=space.cycles.weights(),
    )


def same(mine, theirs) -> None:
    for sku, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        np.testing.assert_array_equal(a, b, err_msg=f"SKU {sku}")


@pytest.mark.parametrize("seed", [1, 2])
def test_draft_and_working_plan_differ_only_by_what_was_published_and_is_not_proposed(
    space, seed
):
    rng = np.random.default_rng(seed)
    open_cycle(space, "2026-12")
    people_speak(space, rng)
    space.cycles.agree("dana", scope(space, busiest(space), 2, 8), units=321)
    publish(space)
    same(drafts(space.working_plan_for("dana")), drafts(space.plan))
    moved = 0
    for number in rng.permutation(CHANGES).tolist():
        draft, working = space.plan, space.working_plan_for("dana")
        other, before = changed_at_random(draft, rng, number), drafts(draft)
        tried = WhatIf(activations=(other,))
        expected = [
            [p.sku_if(s, tried).draft for s in range(len(before))] for p in (draft, working)
        ]
        event = space.calendar.save("mara", other)
        if number == CHANGES - 1:
            space.reversals.undo("mara", event.seq)
            expected = [before, before]
        moved += sum(
            not np.array_equal(a, b) for a, b in zip(before, drafts(draft), strict=True)
        )
        for plan, foreseen in zip((draft, working), expected, strict=True):
            same(drafts(plan), foreseen)
        same(drafts(working), drafts(draft))
        assert plan_totals(working) == plan_totals(draft)
    assert moved > 20, "the changes reached hardly any SKU"


def plan_totals(plan) -> bytes:
    return plan.totals["draft"].tobytes()


def test_what_people_say_after_publishing_is_all_that_draft_and_working_plan_differ_by(
    company_copy: Path,
):
    rng = np.random.default_rng(3)
    with closing(Workspace(company_copy)) as space:
        open_cycle(space, "2026-12")
        people_speak(space, rng)
        publish(space)
        open_cycle(space, "2027-01", blind=True)
        for number in range(4):
            people_speak(space, rng)
            space.calendar.save("mara", changed_at_random(space.plan, rng, number))
        working = space.working_plan_for("dana")
        same(drafts(working), drafts(as_published(space)))
        assert plan_totals(working) != plan_totals(space.plan)
        # Blind inputs are out of it, and so are inputs as they were published.
        for layer in ("marketing", "merchandising", "planning"):
            np.testing.assert_array_equal(working.totals[layer], working.totals["statistical"])
        blinded = space.plan_for("mara")
        np.testing.assert_array_equal(
            blinded.totals["statistical"], space.plan.totals["statistical"]
        )
        kept = plan_totals(working)
    with closing(Workspace(company_copy)) as again:
        assert plan_totals(again.working_plan_for("dana")) == kept


def test_a_calendar_that_is_imported_again_after_publishing_counts_once(space, tmp_path):
    publish(space)
    before = drafts(space.working_plan_for("dana"))
    for table in ("activations", "activation_items"):
        space.store.table(table).to_csv(tmp_path / f"{table}.csv", index=False)
    space.import_files(
        "dana", [tmp_path / f"{t}.csv" for t in ("activations", "activation_items")]
    )
    same(drafts(space.working_plan_for("dana")), before)
    same(drafts(space.working_plan_for("dana")), drafts(space.plan))

"""What becomes of the cycles and people that somebody follows comes to their inbox."""

import pytest

from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.governance.following import What
from forecasting.governance.reach import is_inside
from forecasting.monthly.waiting import Need
from forecasting.outputs import inbox
from forecasting.rights import Remit
from forecasting.workspace import Workspace
from tests.cycling import open_cycle


@pytest.fixture(scope="module")
def space(company, tmp_path_factory):
    import shutil

    opened = Workspace(shutil.copy(company, tmp_path_factory.mktemp("news") / "news.duckdb"))
    yield opened
    opened.close()


def one_sku(space) -> Scope:
    week = as_date(space.plan.base.weeks[6])
    return Scope(
        product_level="sku", product=space.plan.sku_names[0], first_week=week, last_week=week
    )


def news(space, by: str):
    return [one for one in inbox.items(space, by) if one.need is Need.NEWS]


def test_a_person_is_told_of_once_a_day_a_cycle_by_its_steps_and_blind_input_not_at_all(space):
    for what, name in ((What.PERSON, "dana"), (What.PERSON, "mara"), (What.CYCLE, "2026-12")):
        space.following.add("ines", what, name)
    open_cycle(space, "2026-12", blind=True)
    space.override("mara", one_sku(space), "percent", 5.0, reason="TREND")
    assert not [one for one in news(space, "ines") if one.key.startswith("person/mara/")]
    for words in ("look at this", "and at that"):
        space.comment("dana", one_sku(space), words)
    space.cycles.submit("dana")
    (of_dana,) = [one for one in news(space, "ines") if one.key.startswith("person/dana/")]
    assert "and 3 more" in of_dana.text
    assert of_dana.link == {"who": "dana"}
    of_cycle = [one.text for one in news(space, "ines") if one.page == "cycle"]
    assert len(of_cycle) == 2
    assert any("submitted" in text for text in of_cycle)
    assert not news(space, "victor")
    assert not [one for one in news(space, "dana") if "Dana" in one.text]
    for what, name in ((What.PERSON, "dana"), (What.PERSON, "mara"), (What.CYCLE, "2026-12")):
        space.following.remove("ines", what, name)
    assert not news(space, "ines")


def test_a_proposal_outside_of_ones_part_waits_for_somebody_else(space):
    """It was listed, and accepting it was refused."""
    plan = space.working_plan_for("mara")
    activation = next(
        a for a in space.calendar.activations
        if a.is_live and len(a.items) > 0 and a.start > space.desk.today
    )  # fmt: skip
    del plan
    change = space.calendar.one(activation.activation).cancelled()
    event = space.proposals.propose_change("dana", change, note="Too early")
    mara = space.person("mara")
    assert [one.seq for one in space.proposals.waiting_for(mara)] == [event.seq]
    touched = {space.desk.places.skus[item.sku]["department"] for item in activation.items}
    other = next(d for d in space.desk.places.names("department") if d not in touched)
    space.staff.limit("admin", identity="mara", departments=[other])
    assert space.proposals.waiting_for(space.person("mara")) == []
    assert f"proposal/{event.seq}" not in [one.key for one in inbox.items(space, "mara")]
    body = space.ledger.event(event.seq).body
    assert is_inside(space.desk.places, Remit(departments=tuple(touched)), body)

"""Going on from where one is: filters that travel, the next risk, the decision in view."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components import frame, risks
from pages.components.risks import Risk
from tests.app.test_pages import PAGES, opened, served, text_of  # noqa: F401

RISKS = [Risk(activation, sku) for activation in "AB" for sku in ("s1", "s2", "s3")]


@given(
    todo=st.sets(st.sampled_from(RISKS)),
    at=st.sampled_from(RISKS),
    step=st.sampled_from([1, -1]),
)
def test_the_next_risk_is_open_is_another_and_every_open_one_is_reached(todo, at, step):
    seen, now = set(), at
    for _ in RISKS:
        now = risks.beside(RISKS, todo, now, step=step)
        if now is None:
            break
        seen.add(now)
    assert seen <= todo
    if todo - {at}:
        assert todo - {at} <= seen
    else:
        assert seen == set()


def test_whoever_has_settled_a_risk_goes_on_from_where_it_stood():
    todo = set(RISKS) - {RISKS[2]}
    assert risks.beside(RISKS, todo, RISKS[2], step=1) == RISKS[3]
    assert risks.beside(RISKS, todo, RISKS[2], step=-1) == RISKS[1]


def linked(app, key: str) -> str:
    value = app.query_params[key]
    return value if isinstance(value, str) else value[0]


def looked_at(app) -> tuple[str, str]:
    activation = app.session_state["Bridge.activation"]
    return activation, app.session_state[f"looked_at_{activation}"][2]


def test_one_key_leads_through_every_risk_of_the_bridge_in_its_order(served):  # noqa: F811
    app = opened("bridge", "dana")
    assert not app.exception
    watched = risks.open_ones(frame.watch_list(frame.workspace().working_plan_for("dana")))
    every = [(w.activation, w.sku) for w in watched]
    assert len(every) > 3
    app.session_state["Bridge.activation"] = every[0][0]
    app.session_state[f"looked_at_{every[0][0]}"] = ([], None, every[0][1])
    app.run()
    for expected in every[1:4]:
        app.button(key="risk_1").click().run()
        assert not app.exception
        assert looked_at(app) == expected
    app.button(key="risk_-1").click().run()
    assert looked_at(app) == every[2]


def test_a_filter_goes_along_and_back_and_stands_in_each_link(served):  # noqa: F811
    app = opened("bridge", "dana")
    klass = app.selectbox(key="Bridge.class").options[1]
    app.selectbox(key="Bridge.class").select(klass).run()
    assert linked(app, "class") == klass
    for page, name in (
        ("buyplan", "Buy plan"), ("consensus", "Consensus"), ("signals", "Weekly review"),
        ("activations", "Activations"), ("history", "History"),
    ):  # fmt: skip
        app.switch_page(PAGES[page]).run()
        assert not app.exception
        assert app.selectbox(key=f"{name}.class").value == klass, page
        assert linked(app, "class") == klass
    app.switch_page(PAGES["bridge"]).run()
    assert f"Only {klass}" in text_of(app)
    app.button(key="filters_off").click().run()
    assert app.selectbox(key="Bridge.class").value == "All classes"
    app.switch_page(PAGES["buyplan"]).run()
    assert app.selectbox(key="Buy plan.class").value == "All classes"


def test_doors_that_a_page_cannot_apply_are_named_and_kept_for_the_next(served):  # noqa: F811
    app = opened("consensus", "dana")
    place = next(
        v for v in app.selectbox(key="Consensus.place").options if v not in ("All doors",)
    )
    region = next(n for n in frame.workspace().plan.locations.names("region") if n == place)
    app.session_state["Consensus.place"] = f"region:{region}"
    app.run()
    app.switch_page(PAGES["bridge"]).run()
    assert f"{region} is not applied on this page" in text_of(app)
    app.switch_page(PAGES["consensus"]).run()
    assert app.session_state["Consensus.place"] == f"region:{region}"


@pytest.mark.parametrize("page", ["bridge", "buyplan", "signals"])
def test_a_link_is_stronger_than_what_is_carried(served, page):  # noqa: F811
    app = opened("bridge", "dana")
    options = app.selectbox(key="Bridge.class").options
    app.selectbox(key="Bridge.class").select(options[1]).run()
    app.switch_page(PAGES[page])
    app.query_params["class"] = options[2]
    app.run()
    assert linked(app, "class") == options[2]


def named(app, label: str):
    return next(b for b in app.button if b.label == label)


def test_a_view_is_saved_chosen_and_begins_the_page_for_its_function(served):  # noqa: F811
    app = opened("bridge", "dana", weeks="12", group="Owner")
    klass = app.selectbox(key="Bridge.class").options[1]
    app.selectbox(key="Bridge.class").select(klass).run()
    name = next(t for t in app.text_input if t.label == "Save what this page shows as")
    name.input("Twelve weeks")
    next(c for c in app.checkbox if "begins this page" in c.label).check()
    named(app, "Save the view").click().run()
    assert not app.exception
    (view,) = frame.workspace().views.offered("mara", "bridge")
    assert (view.link["weeks"], view.link["class"], view.link["group"]) == (
        "12",
        klass,
        "Owner",
    )

    later = opened("bridge", "dana")  # another window, no link
    assert later.session_state["Bridge.weeks"] == 12
    assert later.selectbox(key="Bridge.class").value == klass
    told = opened("bridge", "dana", weeks="4")  # a link says more
    assert told.session_state["Bridge.weeks"] == 4
    other = opened("bridge", "mara")  # another function
    assert other.session_state["Bridge.weeks"] == 8
    named(other, "Twelve weeks").click().run()
    assert not other.exception
    assert other.session_state["Bridge.weeks"] == 12
    assert "Remove" not in [b.label for b in other.button]
    named(later, "Remove").click().run()
    assert frame.workspace().views.offered("dana", "bridge") == []


def test_what_is_followed_stands_on_home_with_what_became_of_it(served):  # noqa: F811
    from forecasting.governance.following import Followed, What

    app = opened("bridge", "victor")  # whoever reads may follow
    activation = app.session_state["Bridge.activation"]
    app.button(key=f"star_{What.ACTIVATION}_{activation}").click().run()
    assert not app.exception
    space = frame.workspace()
    sku = space.plan.sku_names[0]
    space.following.add("victor", What.SKU, sku)
    space.following.add("victor", What.SKU, "gone")
    home = opened("home", "victor")
    assert not home.exception
    assert "Your watch list" in [h.value for h in home.header]
    assert "New on your list" in text_of(home)
    assert "not in the plan any more" in text_of(home)
    seen = {f.name: dict(f.seen) for f in space.following.of("victor")}
    assert seen[sku]["short"] >= 0
    assert seen["gone"] == {}

    looked = Followed(what=What.SKU, name=sku, seen={"short": seen[sku]["short"] + 40.0})
    space.following.saw("victor", [looked])
    again = opened("home", "victor")
    assert "Changed: " in text_of(again)
    again.button(key=f"star_{What.SKU}_gone").click().run()
    assert "gone" not in [f.name for f in space.following.of("victor")]


def test_the_board_agrees_with_the_page_of_each_sku(served):  # noqa: F811
    from forecasting.plan import balance

    plan = frame.workspace().working_plan_for("dana")
    rows = balance.balances(plan)
    worst = rows.sort_values("short", ascending=False).iloc[0]
    app = opened("sku", "dana", sku=worst["sku"])
    tile = next(m for m in app.metric if m.label == "Units short, 8 weeks")
    assert tile.value == f"{worst['short']:,.0f} u"
    short = rows[rows["short"] >= balance.LEAST]
    by = balance.by_class(rows)
    assert by["short_skus"].sum() == len(short)
    assert by["short"].sum() == pytest.approx(short["short"].sum())
    board = opened("board", "dana")
    assert f"**{len(short)} of {len(rows)} SKUs short" in text_of(board)

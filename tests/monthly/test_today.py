"""What Home shows: only what one can do, the most pressing first."""

import datetime as dt
import math

from hypothesis import given
from hypothesis import strategies as st

from forecasting.consensus.cycle import Cycle, Signature, Stage
from forecasting.consensus.rules import Rules
from forecasting.monthly import today
from forecasting.monthly.minutes import Action
from forecasting.monthly.standing import Standing
from forecasting.monthly.today import Campaign, Task
from forecasting.rights import Person
from forecasting.vocabulary import INPUTS, Function, Status
from forecasting.weekly.best_mix import Combination, Watched

DAY = dt.date(2026, 11, 28)
PEOPLE = {f: Person(id=f.value, name=f.value, function=f) for f in Function}
CAMPAIGN = {"A": Campaign(name="Holiday mail", owner="Mara", start=dt.date(2026, 12, 6))}


def task(text="x", *, days=None, money=math.nan):
    due = None if days is None else DAY + dt.timedelta(days)
    return Task(text=text, scope="", page="bridge", go="go", money=money, due=due)


def test_what_is_overdue_comes_before_what_is_dear_and_far():
    far, late, near = task(days=40, money=9e6), task(days=-1), task(days=7, money=10.0)
    assert today.ranked([far, near, late], DAY) == [late, near, far]


def test_among_what_is_due_this_week_most_money_comes_first():
    cheap, dear = task(days=1, money=100.0), task(days=6, money=5_000.0)
    assert today.ranked([cheap, dear], DAY) == [dear, cheap]


@given(
    st.lists(
        st.builds(
            task,
            text=st.text(max_size=3),
            days=st.none() | st.integers(-30, 60),
            money=st.just(math.nan) | st.floats(0, 1e9),
        ),
        max_size=8,
    ),
    st.randoms(),
)
def test_the_order_never_depends_on_the_order_of_the_sources(tasks, random):
    mixed = list(tasks)
    random.shuffle(mixed)
    order = [(t.text, t.due) for t in today.ranked(tasks, DAY)]
    assert order == [(t.text, t.due) for t in today.ranked(mixed, DAY)]


def red(*, last_date=None, money=300.0, status=Status.RED):
    options = () if last_date is None else (_Option(last_date),)
    best = _Combination(options=options, units=5.0, margin=200.0, cost=50.0)
    return Watched(
        activation="A", sku="S", status=status, units_short=10.0, margin_at_risk=money,
        best=best, menu=(best,),
    )  # fmt: skip


class _Option:
    """As much of an option as is looked at."""

    def __init__(self, last_date):
        self.last_date = last_date


class _Combination(Combination):
    """A combination of them, whatever else one consists of."""

    def __init__(self, **fields):
        for name, value in fields.items():
            object.__setattr__(self, name, value)


def at_risk(function, *watched, day=DAY):
    return today.at_risk(PEOPLE[function], watched, CAMPAIGN, today=day, scope="8 weeks")


def test_planning_sees_what_supply_still_saves_net_by_its_last_day():
    (found,) = at_risk(Function.PLANNING, red(last_date=DAY), red())
    assert (found.money, found.due, found.link) == (150.0, DAY, {"activation": "A"})
    assert "2 featured SKUs; 1 can still be helped" in found.text


def test_planning_is_not_shown_what_nothing_can_help_in_time():
    yesterday = DAY - dt.timedelta(1)
    assert at_risk(Function.PLANNING, red(last_date=yesterday), red()) == []
    assert at_risk(Function.PLANNING, red(last_date=DAY, status=Status.AMBER)) == []


def test_marketing_and_merchandising_see_the_margin_until_it_begins():
    for function in (Function.MARKETING, Function.MERCHANDISING):
        (found,) = at_risk(function, red(), red(money=math.nan))
        assert found.money == 300.0
        assert at_risk(function, red(), day=CAMPAIGN["A"].start) == []
    assert at_risk(Function.LEADERSHIP, red()) == []


def standing(stage, *, submitted=(), signed=(), revealed=True):
    signature = Signature(seq=1, person="p", at=dt.datetime(2026, 11, 1))
    cycle = Cycle(
        name="2026-12", opened=1, run=1, as_of=DAY, revealed=revealed,
        rules=Rules(inputs_due=DAY, publish_due=DAY), submitted=dict.fromkeys(submitted, signature),
    )  # fmt: skip
    return Standing(
        cycle=cycle, stage=stage, departments=("Home", "Apparel"),
        signed={"Home": dict.fromkeys(signed, "p"), "Apparel": {}}, voided={},
        submitted=dict.fromkeys(submitted, "p"), missing=("Home", "Apparel"),
    )  # fmt: skip


def test_a_blind_round_asks_for_ones_own_input_and_says_nothing_of_the_others():
    round_ = standing(Stage.INPUTS, submitted=("marketing",), revealed=False)
    assert today.of_cycle(PEOPLE[Function.MARKETING], round_) == []
    (due,) = today.of_cycle(PEOPLE[Function.MERCHANDISING], round_)
    assert due.page == "consensus"
    assert due.due == DAY
    assert "arketing" not in due.text + due.scope
    assert today.of_cycle(PEOPLE[Function.LEADERSHIP], round_) == []


def test_when_all_have_submitted_the_facilitator_reveals():
    round_ = standing(Stage.INPUTS, submitted=[str(f) for f in INPUTS], revealed=False)
    (reveal,) = today.of_cycle(PEOPLE[Function.PLANNING], round_)
    assert reveal.page == "cycle"
    assert today.of_cycle(PEOPLE[Function.MARKETING], round_) == []


def test_a_signature_is_asked_for_where_the_own_function_has_not_signed():
    round_ = standing(Stage.REVIEW, signed=("planning",))
    (one,) = today.of_cycle(PEOPLE[Function.PLANNING], round_)
    assert "for 1 department" in one.text
    (two,) = today.of_cycle(PEOPLE[Function.MARKETING], round_)
    assert "for 2 departments" in two.text
    assert today.of_cycle(PEOPLE[Function.ADMIN], round_) == []


def test_only_planning_opens_and_publishes():
    for function in Function:
        person = PEOPLE[function]
        mine = function is Function.PLANNING
        assert bool(today.of_cycle(person, None, following="2026-12")) is mine
        assert bool(today.of_cycle(person, standing(Stage.SIGNED))) is mine


def action(seq, *, days, owner="planning", is_done=False):
    return Action(
        seq=seq, text=f"Thing {seq}", owner=owner, due=DAY + dt.timedelta(days),
        is_done=is_done, scope=None, cycle="",
    )  # fmt: skip


def test_several_overdue_things_of_mine_are_one_task_and_others_things_are_none():
    actions = [
        action(1, days=-3), action(2, days=-9), action(3, days=2), action(4, days=30),
        action(5, days=-5, owner="mara"), action(6, days=-5, is_done=True),
    ]  # fmt: skip
    late, near = today.promised(PEOPLE[Function.PLANNING], [], actions, [], today=DAY)
    assert late.text == "Thing 2, and 1 more to carry out"
    assert late.due == DAY - dt.timedelta(9)
    assert near.text == "Thing 3"

"""Random histories of a round: the laws of undo, of the parts, and of saying it all again.

Inputs of three functions at any node and in any measure, agreements, holds, and things taken
back and brought back, on a real database (docs/architecture.md, The ledger).
"""

import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.calendar import as_date
from forecasting.consensus.events import Kind, Scope
from forecasting.errors import ImpossibleSpread, OutOfBounds, Refused
from forecasting.hierarchy import THOUSANDTHS
from forecasting.plan import views
from forecasting.vocabulary import Measure, Operation
from forecasting.workspace import Workspace
from tests.cycling import open_cycle

WHO = ("mara", "ines", "dana")


@pytest.fixture(scope="module")
def round_(company, tmp_path_factory):
    """An open round that every example leaves as it found it."""
    path = Path(shutil.copy(company, tmp_path_factory.mktemp("histories") / "h.duckdb"))
    space = Workspace(path)
    open_cycle(space, "2026-12", fence_weeks=1)
    yield space
    space.close()


NODES = st.tuples(
    st.sampled_from(["all", "department", "class", "sku"]), st.integers(0, 5),
    st.sampled_from(["all", "all", "region", "door"]), st.integers(0, 3),
)  # fmt: skip
WEEKS = st.tuples(st.integers(0, 7), st.integers(0, 4))
AMOUNTS = {Operation.SET: (0, 3_000), Operation.ADD: (-200, 400), Operation.PERCENT: (-60, 90)}
VALUES = st.one_of(
    *(st.tuples(st.just(o), st.floats(*bounds)) for o, bounds in AMOUNTS.items())
)
STEP = st.one_of(
    st.tuples(
        st.just("say"), st.sampled_from(WHO), NODES, WEEKS, VALUES,
        st.sampled_from([Measure.UNITS, Measure.UNITS, Measure.REVENUE, Measure.MARGIN]),
        st.booleans(),
    ),
    st.tuples(
        st.just("agree"), NODES, WEEKS,
        st.sampled_from(["statistical", "proposed", "marketing", "planning", 40.0, 900.0]),
    ),
    st.tuples(st.just("hold"), st.sampled_from(WHO), NODES, WEEKS),
    st.tuples(st.just("back"), st.integers(0, 20)),
)  # fmt: skip
STEPS = st.lists(STEP, min_size=2, max_size=7)


def scope_of(space, nodes, weeks, *, lift=False) -> Scope:
    level, n, place, d = nodes
    plan, days = space.plan, space.plan.base.weeks
    products, places = plan.products.names(level), plan.locations.names(place)
    first, length = weeks
    activation = ""
    if lift:
        acts = [a for a in plan.activations() if a.is_live and plan.scope_weeks(a)[0] < 12]
        activation = acts[n % len(acts)].activation
        first, last = plan.scope_weeks(plan.activation(activation))
        length = last - first
    return Scope(
        product_level=level, product=str(products[n % len(products)]), location_level=place,
        location=str(places[d % len(places)]), first_week=as_date(days[first]),
        last_week=as_date(days[first + length]), activation=activation,
    )  # fmt: skip


def take(space, step, written):
    """One step of a history; what cannot be done is refused and leaves nothing behind."""
    before = space.seq
    try:
        match step:
            case ("say", who, nodes, weeks, (how, value), measure, lift):
                where = scope_of(space, nodes, weeks, lift=lift)
                event = space.override(who, where, how, value, measure=measure, reason="TREND")
            case ("agree", nodes, weeks, on):
                where = scope_of(space, nodes, weeks)
                named = {"column": on} if isinstance(on, str) else {"units": on}
                event = space.cycles.agree("dana", where, **named)
            case ("hold", who, nodes, weeks):
                event = space.hold(who, scope_of(space, nodes, weeks))
            case ("back", n):
                if not written:
                    return
                space.reversals.undo("dana", written[n % len(written)])
                return
    except (OutOfBounds, ImpossibleSpread, Refused):
        assert space.seq == before
        return
    written.append(event.seq)


def told(space, steps) -> list[int]:
    written: list[int] = []
    for step in steps:
        take(space, step, written)
    return written


def shape(space):
    """Everything that people see of the numbers: every layer, door by door."""
    plan = space.plan
    layers = {name: values.copy() for name, values in plan.totals.items()}
    return layers, plan.digests()


def assert_same(one, other):
    for name, values in one[0].items():
        np.testing.assert_array_equal(values, other[0][name], err_msg=name)
    assert one[1] == other[1]


def standing(space, written) -> list[int]:
    return [seq for seq in written if not space.reversals.has_taken_back(seq)]


def clear(space, written, order=reversed):
    for seq in order(standing(space, written)):
        space.reversals.undo("dana", seq)


@contextmanager
def history(space, steps):
    """What was written, taken back at the end: one example that fails is not all that follow."""
    written = told(space, steps)
    try:
        yield written
    finally:
        clear(space, written)


@settings(max_examples=30)
@given(steps=STEPS, chance=st.integers(0, 2**32 - 1))
def test_undo_then_redo_is_the_identity_and_undoing_everything_is_the_statistical_number(
    round_, steps, chance
):
    rng = np.random.default_rng(chance)
    pristine = shape(round_)
    with history(round_, steps) as written:
        before = shape(round_)
        np.testing.assert_array_equal(before[0]["statistical"], pristine[0]["statistical"])
        if standing(round_, written):
            chosen = int(rng.choice(standing(round_, written)))
            event = round_.reversals.undo("dana", chosen)
            if round_.ledger.event(chosen).kind is not Kind.HOLD:  # a hold is not held again
                round_.reversals.undo("dana", event.seq)
                assert_same(before, shape(round_))
        for seq in rng.permutation(standing(round_, written)).tolist():
            round_.reversals.undo("dana", seq)
    assert_same(pristine, shape(round_))
    for function in ("marketing", "merchandising", "planning"):
        np.testing.assert_array_equal(round_.plan.totals[function], pristine[0]["statistical"])


@settings(max_examples=15)
@given(steps=STEPS)
def test_a_plan_built_from_the_ledger_is_the_plan_that_was_folded_event_by_event(round_, steps):
    with history(round_, steps):
        folded = shape(round_)
        round_._rebuild()
        assert_same(folded, shape(round_))


@settings(max_examples=20)
@given(steps=STEPS, sku=st.integers(0, 71), week=st.integers(1, 9))
def test_the_parts_of_every_cell_add_up_to_its_draft(round_, steps, sku, week):
    with history(round_, steps):
        plan = round_.plan
        at = [int(s) for s in plan.products.members("class", plan.products.nodes["class"][sku])]
        parts = views.parts_of(plan, at, np.arange(len(plan.door_names)))
        sums = parts.groupby("week")["units"].sum()
        draft = plan.totals["draft"][at].sum(axis=0) / THOUSANDTHS
        np.testing.assert_allclose(sums.to_numpy(), draft, atol=1e-9)
        computed = plan.sku(sku)
        spoken = sum(computed.voices.values(), np.zeros_like(computed.statistical))
        np.testing.assert_array_equal(
            computed.proposed, np.maximum(computed.statistical + spoken, 0)
        )
        assert (computed.draft >= 0).all()


@settings(max_examples=20)
@given(
    first=VALUES, second=VALUES, skus=st.lists(st.integers(0, 71), min_size=2, max_size=2, unique=True),
    who=st.tuples(st.sampled_from(WHO), st.sampled_from(WHO)),
)  # fmt: skip
def test_changes_of_different_cells_commute(round_, first, second, skus, who):
    def say(n, seqs):
        where = Scope(
            product_level="sku", product=round_.plan.sku_names[skus[n]],
            first_week=as_date(round_.plan.base.weeks[2]),
            last_week=as_date(round_.plan.base.weeks[4]),
        )  # fmt: skip
        how, value = (first, second)[n]
        try:
            seqs.append(round_.override(who[n], where, how, value, reason="TREND").seq)
        except (OutOfBounds, ImpossibleSpread):
            return

    seen = []
    for order in ((0, 1), (1, 0)):
        seqs: list[int] = []
        for n in order:
            say(n, seqs)
        seen.append(shape(round_))
        clear(round_, seqs)
    assert_same(*seen)


def test_a_ledger_entered_again_on_an_empty_one_gives_the_same_integers(company, tmp_path):
    rng = np.random.default_rng(5)
    first = Workspace(Path(shutil.copy(company, tmp_path / "first.duckdb")))
    open_cycle(first, "2026-12", fence_weeks=1)
    start = first.seq
    written: list[int] = []
    for _ in range(40):
        nodes = (
            str(rng.choice(["all", "department", "class", "sku"])), int(rng.integers(6)),
            str(rng.choice(["all", "region", "door"])), int(rng.integers(4)),
        )  # fmt: skip
        weeks = (int(rng.integers(1, 8)), int(rng.integers(0, 4)))
        how = list(Operation)[int(rng.integers(3))]
        value = float(rng.uniform(*AMOUNTS[how]))
        measure = list(Measure)[int(rng.integers(3))]
        kind = rng.uniform()
        if kind < 0.6:
            who = str(rng.choice(WHO))
            step = ("say", who, nodes, weeks, (how, value), measure, bool(rng.uniform() < 0.2))
        elif kind < 0.75:
            step = ("agree", nodes, weeks, "proposed")
        elif kind < 0.85:
            step = ("hold", str(rng.choice(WHO)), nodes, weeks)
        else:
            step = ("back", int(rng.integers(20)))
        take(first, step, written)
    told_once = first.ledger.tail(start)
    assert {e.kind for e in told_once} >= {Kind.OVERRIDE, Kind.AGREE, Kind.HOLD, Kind.UNDO}
    assert {e.measure for e in told_once} == set(Measure)

    again = Workspace(Path(shutil.copy(company, tmp_path / "again.duckdb")))
    open_cycle(again, "2026-12", fence_weeks=1)
    assert again.seq == start
    for event in told_once:
        match event.kind:
            case Kind.OVERRIDE:
                made = again.override(
                    event.person, event.scope, event.operation, event.value,
                    measure=event.measure, reason=event.reason,
                )  # fmt: skip
            case Kind.AGREE:
                made = again.cycles.agree(event.person, event.scope, column="proposed")
            case Kind.HOLD:
                made = again.hold(event.person, event.scope)
            case Kind.UNDO:
                made = again.reversals.undo(event.person, event.body.target)
        assert made.seq == event.seq
        assert made.leaves.by_leaf() == event.leaves.by_leaf()
    assert_same(shape(first), shape(again))
    first.close()
    again.close()

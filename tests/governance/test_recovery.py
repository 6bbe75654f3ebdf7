"""Memory is what the ledger says: after every failure, under load, and as days go by."""

import datetime as dt
import shutil
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forecasting.errors import Rebuilding
from forecasting.governance import recovery
from forecasting.monthly.minutes import Minutes
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from tests.cycling import open_cycle
from tests.monthly.test_cycle import busiest, publish, scope


def memory_of(space: Workspace) -> dict:
    """Everything that people read of a workspace's memory, comparable."""
    plan, working = space.plan, space.working_plan_for("dana")
    return {
        "digests": plan.digests(),
        "totals": {name: units.tobytes() for name, units in plan.totals.items()},
        "working": working.totals["draft"].tobytes(),
        "held": [plan.held("planning", s).tobytes() for s in range(len(plan.sku_names))],
        "calendar": space.calendar.activations,
        "decisions": space.decisions.all,
        "people": space.people,
        "cycle": space.cycles.current,
        "reasons": space.reasons.all,
        "assumptions": space.minutes.assumptions,
        "policy": space.policies.now,
    }


def as_reopened(space: Workspace, tmp_path: Path, **options) -> dict:
    """The same, of the file as another process would find it."""
    copy = tmp_path / f"as-found-{time.monotonic_ns()}.duckdb"
    space.store.backup(copy)
    with closing(Workspace(copy, **options)) as other:
        return memory_of(other)


@contextmanager
def failing(monkeypatch, kind: type, name: str, *, times: int):
    """Let a method of ours fail half way, some times; then it works again."""
    real, left = getattr(kind, name), [times]

    def fails(self, *args, **options):
        if left[0] > 0:
            left[0] -= 1
            if name == "fold":  # half of it is done when it fails
                self.standing.take(args[0][0])
            raise RuntimeError("made to fail")
        return real(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(kind, name, fails)
        yield
    assert left[0] == 0, "it never came to it"


@pytest.mark.parametrize(("kind", "name"), [(LivePlan, "fold"), (Minutes, "_with")])
def test_a_change_that_could_not_be_folded_is_kept_and_memory_is_made_anew(
    space, tmp_path, monkeypatch, kind, name
):
    sku = busiest(space)
    space.hold("dana", scope(space, sku))
    with failing(monkeypatch, kind, name, times=1):
        if kind is LivePlan:
            event = space.override(
                "mara", scope(space, sku, first=5), "add", 500, reason="EVENT"
            )
        else:
            event = space.minutes.assume(
                "dana", "Supply holds", owner="dana", watch="fill", review=dt.date(2027, 1, 4)
            )
        assert event.seq == space.seq
        space.plan  # noqa: B018 - waits until it is whole again
    if kind is LivePlan:
        assert space.plan.totals["marketing"][sku, 5] > space.plan.totals["statistical"][sku, 5]
    else:
        assert [a.statement for a in space.minutes.assumptions] == ["Supply holds"]
    space.override("mara", scope(space, sku, first=6), "add", 10, reason="EVENT")
    assert memory_of(space) == as_reopened(space, tmp_path)


def test_while_memory_cannot_be_made_anew_everybody_is_told_so_within_five_seconds(
    space, tmp_path, monkeypatch
):
    monkeypatch.setattr(recovery, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(recovery, "BETWEEN_ATTEMPTS_SECONDS", 0.0)
    sku = busiest(space)
    with monkeypatch.context() as broken:
        broken.setattr(space._builder, "imported", lambda: 1 / 0)
        broken.setattr(LivePlan, "fold", lambda *_: 1 / 0)
        event = space.override("mara", scope(space, sku), "add", 500, reason="EVENT")
        assert event.seq == space.seq
        started = time.monotonic()
        with pytest.raises(Rebuilding, match=r"made anew from the ledger.*Everything.*kept"):
            space.plan  # noqa: B018
        with pytest.raises(Rebuilding):
            space.override("mara", scope(space, sku), "add", 1, reason="EVENT")
        assert time.monotonic() - started < 5
        space.set_person("admin", identity="new", name="New One", function=Function.PLANNING)
    # The cause is gone: whoever asks next sets it going again.
    deadline = time.monotonic() + 20
    while True:
        try:
            assert space.plan.totals["marketing"][sku, 3] > 0
            break
        except Rebuilding:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert space.person("new").name == "New One"
    assert memory_of(space) == as_reopened(space, tmp_path)


def test_a_working_plan_that_could_not_take_a_change_is_made_anew(space, tmp_path, monkeypatch):
    publish(space)
    open_cycle(space, "2027-01", blind=True)
    working, blinded = space.working_plan_for("dana"), space.plan_for("mara")
    act = next(a for a in working.activations() if a.is_live and working.scope_weeks(a)[0] > 1)
    real = LivePlan.fold
    monkeypatch.setattr(
        LivePlan, "fold",
        lambda self, events: 1 / 0 if self is working or self is blinded else real(self, events),
    )  # fmt: skip
    space.calendar.cancel("mara", act.activation)
    assert space.working_plan_for("dana") is not working
    assert space.plan_for("mara") is not blinded
    assert memory_of(space) == as_reopened(space, tmp_path)


def test_an_import_whose_plan_could_not_be_built_is_done_all_the_same(
    space, tmp_path, monkeypatch
):
    (tmp_path / "budget.csv").write_text("date,class,units\n2027-01-04,Hats,10\n")
    real, calls = space._take_up, []

    def fails_once(*, build):
        calls.append(build)
        if len(calls) == 1:
            raise RuntimeError("made to fail")
        real(build=build)

    before = space.plan
    monkeypatch.setattr(space, "_take_up", fails_once)
    event, _ = space.import_files("admin", [tmp_path / "budget.csv"])
    assert event.seq in set(space.store.query("batches")["batch"])
    assert space.plan is not before
    assert memory_of(space) == as_reopened(space, tmp_path)


def test_readers_meet_whole_values_while_others_write(space):
    plan, stop, failures = space.plan, threading.Event(), []
    acts = [a for a in space.calendar.activations if a.is_live][:4]
    skus = [busiest(space), 1, 2]

    def read():
        while not stop.is_set():
            try:
                assert [a.activation for a in plan.activations()]
                assert sum(len(items) for items in plan.items.values())
                plan.held("planning", skus[0]).sum()
                sums = {name: int(units.sum()) for name, units in plan.totals.items()}
                assert sums["baseline"] > 0
                space.touched(skus, since=0)
                space.ledger.tail(0)
                assert space.calendar.activations
                assert space.people
            except Exception as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(12):
        space.hold("dana", scope(space, skus[turn % 3], first=3 + turn % 5))
        space.override("mara", scope(space, skus[turn % 3]), "add", 1, reason="EVENT")
        space.calendar.save(
            "mara", replace(space.calendar.one(acts[turn % 4].activation), name=f"Turn {turn}")
        )
        space.release("dana", scope(space, skus[turn % 3], first=3 + turn % 5))
    stop.set()
    for reader in readers:
        reader.join(10)
    assert failures == []


def test_totals_that_a_page_holds_do_not_change_under_it(space):
    sku = busiest(space)
    before = space.plan.totals["draft"]
    kept = before.copy()
    space.override("mara", scope(space, sku), "add", 5_000, reason="EVENT")
    np.testing.assert_array_equal(before, kept)
    assert (space.plan.totals["draft"] != kept).any()
    with pytest.raises(ValueError, match="read-only"):
        before[0, 0] = 1


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now


def test_a_weight_that_comes_into_force_tomorrow_does_so_without_a_restart(played, tmp_path):
    path = Path(shutil.copy(played, tmp_path / "clock.duckdb"))
    with closing(Workspace(path)) as space:
        today = space.desk.today
    clock = Clock(dt.datetime.combine(today, dt.time(10)))
    with closing(Workspace(path, clock=clock)) as space:
        before = space.plan.digests()
        space.policies.change(
            "victor", "equal_share", 1.0, why="New people", effective=today + dt.timedelta(1)
        )
        assert space.plan.digests() == before
        clock.now += dt.timedelta(1)
        assert space.plan.digests() != before, "the setting weighs nothing here"
        assert memory_of(space) == as_reopened(space, tmp_path, clock=clock)
        # A clock that is set back takes it out of force again, also without a restart.
        clock.now -= dt.timedelta(1)
        assert space.plan.digests() == before
        event = space.override("mara", scope(space, busiest(space)), "add", 1, reason="EVENT")
        clock.now -= dt.timedelta(400)
        later = space.override("mara", scope(space, busiest(space)), "add", 1, reason="EVENT")
        assert later.seq == event.seq + 1
        assert later.recorded_at < event.recorded_at
        assert memory_of(space) == as_reopened(space, tmp_path, clock=clock)

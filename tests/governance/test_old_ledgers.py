"""Ledgers that were written before: every one of them opens, and reads as it did.

Each file in ledgers/ is a company whose people did whatever there is to do, written by the
code of its day; beside it stands what that code made of it. Both stay as they are for good:
when a kind of event gets a new version, a new company is added, never an old one replaced.
"""

import json
import lzma
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from forecasting.workspace import Workspace

LEDGERS = Path(__file__).parent / "ledgers"
WRITTEN = {"2026-11": datetime(2026, 11, 29, 12)}
"""Each ledger, and a moment after its last event: a policy comes into force by the clock."""


def plain(value: object) -> object:
    """A value as JSON can hold it; of an array, what is not 0."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in sorted(value.items(), key=str)}
    if isinstance(value, list | tuple | set):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return [[*map(int, at), int(value[tuple(at)])] for at in np.argwhere(value)]
    return value


CALLED_THEN = {"text": "said"}
"""Fields whose attribute has another name today; what is written keeps the old one."""


def as_then(now: object, then: object) -> object:
    """What is known now, but for fields that came later and hold nothing, as it was called."""
    if isinstance(now, dict) and isinstance(then, dict):
        now = {CALLED_THEN.get(k, k) if k not in then else k: v for k, v in now.items()}
        return {k: as_then(v, then.get(k)) for k, v in now.items() if k in then or v}
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [as_then(a, b) for a, b in zip(now, then, strict=True)]
    return now


def of_plan(plan) -> dict:
    """What events have made of a plan, whatever is forecast."""
    state = plan.standing
    parts = ("cycle", "fence", "since", "inputs", "agreed", "holds", "sensed", "moves")
    return {part: getattr(state, part) for part in parts}


def told(space: Workspace) -> dict:
    """Everything that is known of a company because of its events."""
    events = space.ledger.tail(0)
    return {
        "events": [
            (e.seq, e.kind, e.sentence, e.input_of, e.measure, e.evidence, e.units)
            for e in events
        ],
        "people": space.people,
        "reasons": space.reasons.all,
        "policies": space.policies.changes,
        "activations": space.calendar.activations,
        "decisions": space.decisions.all,
        "assumptions": space.minutes.assumptions,
        "actions": space.minutes.actions,
        "cycle": space.cycles.current,
        "signatures": [space.cycles.signatures(v) for v in space.cycles.published()],
        "reviews": space.quarters.decisions(),
        "closed": [
            asdict(space.quarters.scorecard("victor", q))
            for q in space.quarters.quarters()["quarter"]
            if space.quarters.is_closed(q)
        ],
        "taken back": [e.seq for e in events if space.reversals.has_taken_back(e.seq)],
        "odd": space.oddities.accepted("budget_names: Coatts"),
        "run": space.runs.in_force().seq,
        "candidates": [e.seq for e in space.cycles.candidates()],
        "draft": of_plan(space.plan),
        "working": of_plan(space.working_plan_for("victor")),
    }


@pytest.fixture(scope="module", params=WRITTEN)
def old(request, tmp_path_factory):
    """A workspace on a ledger of some day, and what was known of it then."""
    path = tmp_path_factory.mktemp("ledgers") / "old.duckdb"
    path.write_bytes(lzma.decompress((LEDGERS / f"{request.param}.duckdb.xz").read_bytes()))
    space = Workspace(path, clock=lambda: WRITTEN[request.param])
    yield space, json.loads((LEDGERS / f"{request.param}.json").read_text(encoding="utf-8"))
    space.close()


def in_one_form(events):
    """What events are called is worked out, and '3 %' is written '3%' since; notes stay as they are."""
    return json.loads(json.dumps(events).replace(" %", "%"))


def test_an_old_ledger_reads_as_it_did(old):
    space, before = old
    now = json.loads(json.dumps(plain(told(space)), default=str))
    assert in_one_form(now["events"]) == in_one_form(before["events"])
    before["events"] = now["events"]
    assert {p for p, known in before.items() if as_then(now[p], known) != known} == set()

"""Marketing's calendar as files: at once, or a proposal where it changes what was signed."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from data.shapes import Field, Shape
from forecasting.consensus.events import Kind
from forecasting.consensus.events.record import Imported
from forecasting.errors import Refused, StorageFailed
from forecasting.intake.sources import Mapped
from tests.cycling import open_cycle

SIGNERS = ("mara", "ines", "dana")


def signed(space, *, departments=None, publish=False):
    open_cycle(space, "2026-12", blind=False)
    space.cycles.reveal("dana")
    for department in departments or space.plan.products.names("department"):
        for person in SIGNERS:
            space.cycles.sign(person, department)
    if publish:
        space.cycles.publish("dana")


def coming(space, *, inside=None):
    """Activations ahead; those whose SKUs are all of some departments first."""
    of = dict(zip(space.plan.base.skus["sku"], space.plan.base.skus["department"], strict=True))
    found = [
        a for a in space.plan.activations()
        if a.is_live and a.items and space.plan.scope_weeks(a)[0] > 1
    ]  # fmt: skip
    if inside is None:
        return found
    return [a for a in found if {of[i.sku] for i in a.items} & set(inside)]


def rows(*activations, **changed):
    return pd.DataFrame(
        [
            {
                "activation": a.activation, "name": a.name, "type": a.type, "start": a.start,
                "end": a.end, "status": a.status, "owner": a.owner, "channel": a.channel,
                "spend": a.spend, "lock_date": a.lock_date,
            } | changed
            for a in activations
        ]
    )  # fmt: skip


def written(folder, frame, *, name="activations", ending="csv"):
    path = folder / f"{name}.{ending}"
    if ending == "xlsx":
        frame.to_excel(path, index=False, sheet_name=name)
    else:
        frame.to_csv(path, index=False)
    return [path]


def later(act, days=7):
    return replace(act, end=act.end + dt.timedelta(days))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_changes_what_is_signed_is_proposed_and_the_rest_is_imported_at_once(
    space, tmp_path, ending
):
    signed(space)
    one, two, *_ = coming(space)
    new = replace(one, activation="NEW1", name="Renamed only")
    frame = pd.concat([rows(later(one)), rows(two, owner="Somebody else")])
    files = written(tmp_path, frame, ending=ending)
    before = space.plan.digests()
    seen = space.preview_import("mara", files)
    assert seen.concerns == ()
    assert (seen.at_once, seen.held) == (1, {"activations": 1})
    assert len(seen.proposed) == 1
    assert f"to {one.end + dt.timedelta(7)} instead of {one.start}" in seen.proposed[0]
    assert space.proposals.all == []  # nothing is written by looking
    event, judged = space.import_files("mara", files)
    assert judged.proposed == seen.proposed
    assert event.told(Imported).proposed == 1
    assert "1 activations, and proposed changes of 1 activation" in event.sentence
    assert space.calendar.one(one.activation) == one
    assert space.calendar.one(two.activation).owner == "Somebody else"
    assert space.plan.digests() == before
    assert space.cycles.standing().voided == {}
    (waits,) = space.proposals.waiting_for(space.person("dana"))
    assert waits.person == "mara"
    assert waits.body.file.startswith(files[0].name)
    assert waits.body.worth.units > 0
    space.proposals.accept("dana", waits.seq, note="The partner has signed")
    assert space.calendar.one(one.activation).end == one.end + dt.timedelta(7)
    assert space.cycles.standing().voided
    assert new.activation not in {a.activation for a in space.calendar.activations}


def test_a_new_activation_of_a_signed_department_is_proposed_of_others_it_is_imported(
    space, tmp_path
):
    names = space.plan.products.names("department")
    signed(space, departments=names[:1])
    of = dict(zip(space.plan.base.skus["sku"], space.plan.base.skus["department"], strict=True))
    inside = next(s for s, d in of.items() if d == names[0])
    outside = next(s for s, d in of.items() if d == names[1])
    act = coming(space)[0]
    frame = rows(*(replace(act, activation=n, name=n) for n in ("N1", "N2")))
    items = pd.DataFrame({"activation": ["N1", "N2"], "sku": [inside, outside]})
    files = written(tmp_path, frame) + written(tmp_path, items, name="activation_items")
    event, judged = space.import_files("mara", files)
    assert judged.held == {"activations": 1, "activation_items": 1}
    assert space.calendar.at("N1") is None
    assert [i.sku for i in space.calendar.one("N2").items] == [outside]
    (waits,) = space.proposals.open
    assert waits.body.text.startswith("Add N1")
    space.proposals.accept("dana", waits.seq, note="Yes")
    assert [i.sku for i in space.calendar.one("N1").items] == [inside]
    assert event.seq < waits.seq


def test_who_may_decide_it_imports_with_a_word_of_what_becomes_void(space, tmp_path):
    signed(space)
    act = coming(space)[0]
    files = written(tmp_path, rows(later(act)))
    for person in ("dana", "admin"):
        seen = space.preview_import(person, files)
        assert "become void" in seen.concerns[0]
        assert seen.held == {}
    space.import_files("dana", files)
    assert space.calendar.one(act.activation) == later(act)
    assert space.proposals.all == []


def test_before_anything_is_signed_everything_is_imported(space, tmp_path):
    open_cycle(space, "2026-12", blind=False)
    act = coming(space)[0]
    space.import_files("mara", written(tmp_path, rows(later(act))))
    assert space.calendar.one(act.activation) == later(act)
    assert space.proposals.all == []


def test_what_the_published_consensus_counts_is_signed_until_the_next_cycle_opens(
    space, tmp_path
):
    act = coming(space)[0]
    signed(space, publish=True)
    new = replace(act, activation="N1", name="After the meeting")
    items = pd.DataFrame({"activation": ["N1"], "sku": [act.items[0].sku]})
    files = written(tmp_path, rows(later(act), new))
    files += written(tmp_path, items, name="activation_items")
    _, judged = space.import_files("mara", files)
    assert judged.held == {"activations": 1}
    assert space.calendar.one("N1").items
    assert space.calendar.one(act.activation) == act
    open_cycle(space, "2027-01", blind=False)
    _, judged = space.import_files("mara", written(tmp_path, rows(later(act))))
    assert judged.held == {}
    assert space.calendar.one(act.activation) == later(act)


def test_a_later_file_takes_the_place_of_what_an_earlier_one_proposed(space, tmp_path):
    signed(space)
    act = coming(space)[0]
    space.import_files("mara", written(tmp_path, rows(later(act))))
    with pytest.raises(Refused, match="proposed to Planning already"):
        space.import_files("mara", written(tmp_path, rows(later(act))))
    seq = space.seq
    space.import_files("mara", written(tmp_path, rows(later(act, 14))))
    states = {p.body.change.after.end: p.state for p in space.proposals.all}
    assert states == {later(act).end: "withdrawn", later(act, 14).end: "open"}
    kinds = [e.kind for e in space.ledger.tail(seq)]
    assert kinds == [Kind.IMPORT, Kind.ANSWER, Kind.PROPOSE]


def test_a_source_that_replaces_the_whole_calendar_is_refused_where_something_is_signed(
    space, tmp_path
):
    signed(space)
    act = coming(space)[0]
    fields = tuple(
        Field(target=n, column=n) for n in ("activation", "name", "type", "start", "end")
    )
    whole = Mapped(
        path=written(tmp_path, rows(act), name="plan")[0],
        shape=Shape(table="activations", fields=fields, replaces="whole"),
    )
    before = space.seq
    for verb in (space.preview_import, space.import_files):
        with pytest.raises(Refused, match="take the place of all activations"):
            verb("mara", [], mapped=[whole])
    assert space.seq == before
    by_key = replace(whole, shape=replace(whole.shape, replaces="key"))
    space.preview_import("mara", [], mapped=[by_key])


def test_rows_and_proposals_are_written_together_or_not_at_all(space, tmp_path, monkeypatch):
    signed(space)
    one, two, *_ = coming(space)
    frame = pd.concat([rows(later(one)), rows(two, owner="Somebody else")])
    files = written(tmp_path, frame)

    def full(*_args):
        raise OSError(28, "No space left on device")

    before = space.seq
    monkeypatch.setattr("data.files.insert_staged", full)
    with pytest.raises(StorageFailed, match="no space left"):
        space.import_files("mara", files)
    assert space.seq == before
    assert space.proposals.all == []
    monkeypatch.undo()
    space.import_files("mara", files)
    assert len(space.proposals.open) == 1

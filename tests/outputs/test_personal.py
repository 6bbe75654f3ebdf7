"""What is kept of a person leaves as files; and goes, without a number changing."""

import io
import json
import shutil
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.log import marks
from data.log.marks import Mark
from forecasting.calendar import as_date
from forecasting.consensus.events import Kind, Scope
from forecasting.errors import NotAllowed, OutOfBounds, Refused
from forecasting.governance.audit import Noted
from forecasting.governance.sign_in import Arrival, SignInRules
from forecasting.governance.wishes import Rhythm
from forecasting.outputs import personal
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from tests.calling import on

NAME, ID, MAIL = "Zoë O'Neil-Łys", "zoe", "zoe@shop.example"


def scope(space, week=5):
    day = as_date(space.plan.base.weeks[week])
    return Scope(
        product_level="sku", product=space.plan.sku_names[0], first_week=day, last_week=day
    )


def lived(space):
    """A planner who leaves a trace in every place that keeps one."""
    space.set_person(
        "admin", identity=ID, name=NAME, function=Function.PLANNING, signs_in_as=MAIL
    )
    space.set_person("admin", identity="zoran", name="Zoë Other", function=Function.MARKETING)
    space.override(ID, scope(space), "add", 5.0, reason="TREND", note=f"{NAME} thinks so")
    space.comment("dana", scope(space), f"Ask {NAME}, @{NAME} or @zoe; not zoetrope")
    space.minutes.assign(
        "dana", f"{NAME}'s list", owner=ID, due=space.desk.today, scope=scope(space)
    )
    space.threads.write("dana", f"@{NAME} look", scope=scope(space))
    act = next(a for a in space.plan.activations() if a.is_live and a.items)
    space.proposals.propose_change(ID, act.cancelled(), note="n")
    seq = space.proposals.open[0].seq
    space.proposals.decline("mara", seq, note=f"no, {NAME}")
    space.views.save(ID, "bridge", f"{NAME}'s view", {"class": "Coats"})
    space.tokens.make(ID, label="nightly", level="read", days=30)
    space.wishes.set(ID, Rhythm.DAILY, channel="mail", address=MAIL, at="07:00")
    space.drafts.keep(ID, "consensus", {"note": f"of {NAME}"})
    space.seen.mark(ID, ["action/1"], there=["action/1"])
    space.desk.audit.note(Noted.SIGNED_IN, ID, f"{NAME} from {MAIL}")
    with pytest.raises(NotAllowed):
        space.staff.set_person(ID, identity="x", name="X", function=Function.ADMIN)
    space.desk.audit.flush()


@pytest.fixture(scope="module")
def space(company, tmp_path_factory):
    """A company in which she has worked; the tests below go on from one another."""
    path = tmp_path_factory.mktemp("person") / "c.duckdb"
    opened = Workspace(Path(shutil.copy(company, path)))
    lived(opened)
    yield opened
    opened.close()


def texts(store):
    """Every text in every table: (table, column, text)."""
    with store.cursor() as cursor:
        columns = cursor.execute(
            "select table_name, column_name, data_type from duckdb_columns() where not internal "
            "and data_type in ('VARCHAR', 'VARCHAR[]') "
            "and table_name in (select table_name from duckdb_tables())"
        ).fetchall()
        for table, column, _ in columns:
            for (text,) in cursor.execute(
                f'select distinct "{column}"::varchar from "{table}"'
            ).fetchall():
                yield table, column, text or ""


def told(space):
    """What is folded, without who did it."""
    with space.store.cursor() as cursor:
        rows = cursor.execute(
            "select count(*), bit_xor(hash(seq, recorded_at, function, kind, scope, value, "
            "reason, base)), (select bit_xor(hash(leaf)) from leaf) from event where seq <= ?",
            [space.before],
        ).fetchone()
    plan = space.plan
    return rows, {name: plan.totals[name].sum() for name in plan.totals}


def archive(made):
    with zipfile.ZipFile(io.BytesIO(bytes(made))) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_everything_that_is_kept_of_a_person_leaves_as_files(space):
    files = archive(personal.export(space, "admin", ID))
    assert set(files) == {
        "README.txt", "person.json", "events.csv", "about.csv", "tokens.csv", "audit.csv",
        "draft.csv", "seen.csv", "word_wish.csv",
    }  # fmt: skip
    assert json.loads(files["person.json"])["signs_in_as"] == MAIL
    events = pd.read_csv(io.BytesIO(files["events.csv"]))
    assert set(events["person"]) == {ID}
    mine = [e for e in space.ledger.tail(0) if e.person == ID]
    assert list(events["seq"]) == [e.seq for e in mine]
    about = pd.read_csv(io.BytesIO(files["about.csv"]))
    assert set(about["kind"]) >= {"person", "comment", "action", "answer"}
    assert ID not in set(about["person"])
    digest = space.tokens._state  # the mark of the secret leaves nowhere
    assert all(
        mark.encode() not in made for _, mark in digest.values() for made in files.values()
    )
    # Every table that has a person in it is asked, whatever is added later.
    with space.store.cursor() as cursor:
        tables = {
            t for (t,) in cursor.execute(
                "select distinct table_name from duckdb_columns() where column_name = 'person' "
                "and not internal and table_name in (select table_name from duckdb_tables())"
            ).fetchall()
        }  # fmt: skip
    assert set(personal.personal.kept_of(space.store, ID)) == tables - {"event"}


def test_only_admin_may_and_only_of_somebody_who_was_taken_out(space):
    for by in ("dana", "mara", "victor", ID):
        with pytest.raises(NotAllowed):
            personal.export(space, by, ID)
        with pytest.raises(NotAllowed):
            personal.anonymise(space, by, ID)
    with pytest.raises(Refused, match="Take them out first"):
        personal.anonymise(space, "admin", ID)
    with pytest.raises(OutOfBounds):
        personal.anonymise(space, "admin", "admin")


def test_where_the_log_is_elsewhere_a_name_stays_in_it_and_so_here(space):
    space.staff.take_out("admin", identity=ID)
    marks.put(space.store, Mark(id="x", place="db.shop.example"))
    before = space.seq
    try:
        with pytest.raises(Refused, match="log is in PostgreSQL"):
            personal.anonymise(space, "admin", ID)
    finally:
        marks.remove(space.store)
    assert (space.seq, space.person(ID).name) == (before, NAME)


def test_the_name_is_gone_from_every_table_and_every_number_stands(space):
    space.before = space.seq
    before, hers = told(space), [e.seq for e in space.ledger.tail(0) if e.person == ID]
    assert any(NAME in text for _, _, text in texts(space.store))
    event = personal.anonymise(space, "admin", ID)
    assert told(space) == before
    person = space.person(event.body.person)
    assert (person.name, person.has_left, person.signs_in_as) == (
        "Former colleague 1",
        True,
        "",
    )
    left = [
        (table, column, text) for table, column, text in texts(space.store)
        for name in (NAME, MAIL, f'"{ID}"', f"@{ID}", json.dumps(NAME)[1:-1])
        if name in text or text == ID
    ]  # fmt: skip
    assert left == []
    assert [e.seq for e in space.ledger.tail(0) if e.person == person.id] == hers
    notes = [e.note for e in space.ledger.of_kinds(Kind.COMMENT)]
    assert any("Ask Former colleague 1, @Former colleague 1" in n for n in notes)
    assert any("not zoetrope" in n for n in notes)
    assert space.person("zoran").name == "Zoë Other"
    assert not any(NAME in e.sentence for e in space.history.events("admin", most=10_000))
    assert [t for t in space.tokens.alive if t.person == person.id] == []
    with pytest.raises(NotAllowed):
        space.comment(person.id, scope(space), "I am back")
    with pytest.raises(Refused, match="no name"):
        personal.anonymise(space, "admin", person.id)


def test_what_is_opened_again_says_the_same_and_holds_no_name(space, tmp_path):
    copy = tmp_path / "copy.duckdb"
    space.store.backup(copy)
    again = Workspace(copy)
    try:
        assert [p.id for p in again.people] == [p.id for p in space.people]
        for name in ("draft", "working"):
            if name in again.plan.totals:
                assert np.array_equal(again.plan.totals[name], space.plan.totals[name])
        assert again.person("former-1").name == "Former colleague 1"
        assert not any(NAME in text for _, _, text in texts(again.store))
    finally:
        again.close()
    held = copy.read_bytes()
    for form in (NAME.encode(), MAIL.encode(), json.dumps(NAME)[1:-1].encode()):
        assert form not in held


def test_how_they_signed_in_is_nobodys_any_more(space):
    there = Arrival(identity=MAIL, name=NAME, groups=frozenset(), begun=0.0, until=1e12)
    with pytest.raises(NotAllowed):
        space.staff.arrive(there, SignInRules())
    assert space.desk.signed_in(MAIL) is None


def test_the_command_line_does_both(company, tmp_path):
    run = partial(on, Path(shutil.copy(company, tmp_path / "c.duckdb")))
    run("export-person", "sam", "--out", str(tmp_path / "sam.zip"))
    assert "person.json" in archive((tmp_path / "sam.zip").read_bytes())
    assert "Take them out" in run("anonymise", "sam", code=2).stderr

"""Whoever is limited for reading, too, gets their departments alone, on every way out."""

import json
import shutil
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest

from data import part as data_part
from forecasting.api.app import build
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.events import Scope
from forecasting.errors import NotAllowed, OutOfBounds, Outside, Refused
from forecasting.outputs import (
    board_pack,
    consensus_pack,
    digest,
    exports,
    feed,
    inbox,
    weekly_sheet,
)
from forecasting.outputs.part import Part, seen_by
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from tests import seeing
from tests.api.conftest import TestClient
from tests.calling import called
from tests.seeing import INSIDE, OUTSIDE, found_in


@pytest.fixture(scope="module")
def whole(played, tmp_path_factory):
    path = shutil.copy(played, tmp_path_factory.mktemp("part") / "part.duckdb")
    made = Workspace(path)
    for one in ("dana", "mara"):
        made.staff.limit("admin", identity=one, departments=[INSIDE])
    made.reading.limit("admin", True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def part(whole) -> Workspace:
    made = seen_by(whole, whole.person("dana"))
    assert isinstance(made, Part)
    return made


@pytest.fixture(scope="module")
def outside(whole):
    return seeing.names(whole)


def test_who_sees_a_part_is_who_is_limited_to_products_while_the_company_wants_it(whole, part):
    assert seen_by(whole, whole.person("ines")) is whole
    assert seen_by(whole, whole.person("mara")) is part  # one for all who see the same
    assert seen_by(part, whole.person("dana")) is part
    whole.staff.limit("admin", identity="ines", regions=["North"])
    assert seen_by(whole, whole.person("ines")) is whole  # a region limits changes alone
    whole.staff.limit("admin", identity="ines")
    with pytest.raises(NotAllowed):
        whole.reading.limit("victor", False)
    with pytest.raises(OutOfBounds, match="already"):
        whole.reading.limit("admin", True)
    whole.reading.limit("admin", False)
    assert seen_by(whole, whole.person("dana")) is whole
    whole.reading.limit("admin", True)


def verdicts(plan, sku: int) -> str:
    return repr([replace(item, sku=0) for item in plan.items.get(sku, ())])


def test_a_part_has_the_very_numbers_of_the_whole(whole, part):
    for plan, mine in (
        (whole.plan, part.plan),
        (whole.working_plan_for("admin"), part.working_plan_for("dana")),
    ):
        at = [plan.sku_index[name] for name in mine.sku_names]
        assert 0 < len(at) < len(plan.sku_names)
        for layer in mine.layers:
            np.testing.assert_array_equal(plan.total(layer)[at], mine.total(layer), layer)
        for i, j in enumerate(at):
            one, other = plan.sku(j).projection, mine.sku(i).projection
            np.testing.assert_array_equal(one.on_hand, other.on_hand)
        theirs = [verdicts(plan, j) for j in at]
        ours = [verdicts(mine, i) for i in range(len(at))]
        assert any("A0" in told for told in theirs)
        assert theirs == ours
    assert part.plan.digests() == {INSIDE: whole.plan.digests()[INSIDE]}


def test_every_table_of_the_file_is_cut_or_is_known_to_be_of_no_product(whole):
    """A new table without a SKU has to be thought of here."""
    with whole.store.cursor() as cursor:
        columns = data_part.relations(cursor)
    views = {name for name, told in columns.items() if name in data_part.made_by()}
    unthought = {
        name for name, has in columns.items()
        if "sku" not in has and name not in views and name.removesuffix("_now") not in
        data_part.CUT and name not in data_part.WHOLE_COMPANY
    }  # fmt: skip
    assert unthought == {
        # Cut event by event (governance/part.py), or of the one person who asks.
        "event", "draft", "letter", "seen", "word_wish", "token_use", "audit",
        # Of the file, of work that was done, and which weeks sums are of.
        "migration", "schedule_run", "backtest", "replay", "score_basis", "score_quarter",
        # Risks by name, which the inbox cuts; versions, whose digests are cut when read.
        "noticed", "version",
    }  # fmt: skip


def texts(made) -> str:
    """Every different text of a table."""
    columns = made.select_dtypes(["object", "str"])
    return "\n".join(str(v) for name in columns for v in columns[name].unique())


def test_no_export_names_anything_outside(whole, part, outside):
    for name, export in exports.EXPORTS.items():
        assert not found_in(outside, texts(export.made(part))), name
    for name in ("skus", "activations", "sales", "ledger", "versions"):
        assert found_in(outside, texts(exports.EXPORTS[name].made(whole))), name


def test_packs_sheets_links_and_mails_name_nothing_outside_and_say_what_totals_are_of(
    whole, part, outside
):
    number = part.cycles.published()[-1].version
    quarter = str(part.quarters.usual())
    for made in (
        consensus_pack.as_html(part, number),
        board_pack.as_html(part, "dana", quarter),
        weekly_sheet.as_html(part, "dana"),
    ):
        assert not found_in(outside, made)
        assert f"You see {INSIDE} only" in made
    assert found_in(outside, consensus_pack.as_html(whole, number))
    book = consensus_pack.as_workbook(part, number)
    with ZipFile(BytesIO(book)) as archive:
        assert not any(found_in(outside, archive.read(name)) for name in archive.namelist())
    ics = feed.calendar_of(whole, whole.feeds.make("dana", "All"))
    assert ics is not None
    assert b"BEGIN:VEVENT" in ics
    assert not found_in(outside, ics)
    mail = inbox.items(whole, "dana")
    assert not found_in(outside, digest.body_of(mail, base="https://concord.example"))


def test_the_command_line_answers_whoever_acts_with_what_they_see(whole, outside, tmp_path):
    path = tmp_path / "cli.duckdb"
    whole.store.backup(path)
    for who, is_all in (("dana", False), ("ines", True)):
        done = called("odd", "--db", path, "--as", who, "--json")
        assert done.returncode == 0, done.stderr
        assert bool(found_in(outside, done.stdout)) is is_all


def at(space, sku: str) -> Scope:
    day = as_date(space.plan.base.weeks[6])
    return Scope(product_level="sku", product=sku, first_week=day, last_week=day)


def test_what_is_outside_is_answered_as_what_there_is_not(whole, part):
    """Its existence is no secret that an error should tell."""
    mine = set(part.plan.sku_names)
    other = next(sku for sku in whole.plan.sku_names if sku not in mine)
    answers = []
    for sku in (other, "no-such-sku"):
        with pytest.raises(Refused) as refusal:
            part.override("dana", at(part, sku), "percent", 5.0, reason="TREND")
        answers.append(str(refusal.value).replace(sku, "X"))
    assert answers[0] == answers[1]
    assert part.calendar.at("no-such") is None


def test_a_change_of_the_part_is_in_the_whole_and_seen_by_both_at_once(whole, part):
    sku = part.plan.sku_names[0]
    event = part.override("dana", at(part, sku), "percent", 5.0, reason="TREND")
    assert whole.ledger.event(event.seq).leaves.sku == event.leaves.sku
    assert part.seq == whole.seq
    i, j = part.plan.sku_index[sku], whole.plan.sku_index[sku]
    np.testing.assert_array_equal(
        part.plan.total("planning")[i], whole.plan.total("planning")[j]
    )
    other = next(name for name in whole.plan.sku_names if name not in part.plan.sku_index)
    theirs = whole.override("ines", at(whole, other), "percent", 5.0, reason="TREND")
    assert part.ledger.event(theirs.seq) is None
    assert part.seq == theirs.seq
    both = replace(at(whole, sku), product_level="all", product="all")
    shared = whole.override("ines", both, "add", 700.0, reason="TREND")
    seen = part.ledger.event(shared.seq)
    assert seen is not None
    assert 0 < len(seen.leaves) < len(shared.leaves)
    assert "700" not in seen.sentence  # what was asked of all says what the rest is
    assert seen.value == seen.units


def test_a_shared_activation_keeps_what_its_editor_does_not_see(whole, part):
    mine = set(part.plan.sku_names)
    names = [
        next(n for n in whole.plan.sku_names if (n in mine) is is_in) for is_in in (False, True)
    ]
    begins = as_date(whole.plan.base.weeks[20])
    shared = Activation(
        activation="BOTH", name="Both departments", type="email", start=begins, end=begins,
        items=tuple(Item(sku=name) for name in names),
    )  # fmt: skip
    whole.set_person("admin", identity="zoe", name="Zoe", function=Function.MARKETING)
    whole.calendar.save("zoe", shared)
    seen = part.calendar.one(shared.activation)
    assert {i.sku for i in seen.items} <= mine
    hidden = [i for i in shared.items if i.sku not in mine]
    items = tuple(replace(item, discount=0.33) for item in seen.items)
    part.calendar.save("mara", replace(seen, items=items))
    now = whole.calendar.one(shared.activation)
    assert [i for i in now.items if i.sku not in mine] == hidden
    assert {i.discount for i in now.items if i.sku in mine} == {0.33}
    with pytest.raises(Outside) as refusal:  # its name is everybody's
        part.calendar.save("mara", replace(part.calendar.one(shared.activation), name="Mine"))
    assert OUTSIDE not in str(refusal.value)
    alone = next(
        a for a in whole.calendar.activations if a.items and not mine & {i.sku for i in a.items}
    )
    assert part.calendar.at(alone.activation) is None
    taken = replace(seen, activation=alone.activation, items=seen.items[:1])
    with pytest.raises(Refused, match="is taken"):
        part.calendar.save("mara", taken)
    assert whole.calendar.one(alone.activation) == alone


def test_a_part_holds_no_backup_and_is_made_anew_after_other_facts(whole, part, tmp_path):
    with pytest.raises(Refused, match="holds the whole company"):
        part.store.backup(tmp_path / "copy.duckdb")
    skus = tmp_path / "skus.csv"
    skus.write_text(f"sku,class,department\nNEW-1,Candles,{INSIDE}\nNEW-2,Coats,{OUTSIDE}\n")
    whole.import_files("admin", [skus])
    now = seen_by(whole, whole.person("dana"))
    assert now is not part
    told = json.dumps(now.store.query("where_skus_stand").to_dict("list"))
    assert "NEW-1" in told
    assert "NEW-2" not in told


READS = {
    "bridge": {}, "buy-plan": {}, "calendar": {}, "inbox": {}, "odd": {}, "orders": {},
    "people": {}, "project": {}, "proposals": {},
}  # fmt: skip
"""Verbs that a program reads by, and what they are asked."""


def test_a_program_is_answered_as_its_person(whole, outside):
    app = build(lambda: whole, local=lambda: "", most_bytes=1_000_000)
    told = dict[str, dict[str, set[str]]]()
    for who in ("dana", "ines"):
        secret = whole.tokens.make(who, label=f"{who} asks", level="write").secret
        client = TestClient(app, headers={"authorization": f"Bearer {secret}"})
        asked = {verb: (f"/{verb}", given) for verb, given in READS.items()}
        asked |= {
            f"export {t}": ("/export", {"table": t}) for t in ("skus", "working", "ledger")
        }
        told[who] = {}
        for name, (path, given) in asked.items():
            answer = client.get(path, params={**given, "limit": 10_000})
            if answer.status_code == 422:  # it is no table
                answer = client.get(path, params=given)
            assert answer.status_code == 200, (name, answer.text[:300])
            told[who][name] = found_in(outside, answer.content)
    assert {name: found for name, found in told["dana"].items() if found} == {}
    assert sum(map(bool, told["ines"].values())) > 5

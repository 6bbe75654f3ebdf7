"""A function limited to a part of the company: what is inside, what is outside, and from when."""

import datetime as dt
import io
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from forecasting.__main__ import main
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.events import Kind, Scope
from forecasting.consensus.events.body import CalendarEdit
from forecasting.consensus.events.governance import GroupSet, PersonSet
from forecasting.consensus.events.inputs import Commented
from forecasting.consensus.events.reading import read_body, write_body
from forecasting.errors import NotAllowed, OutOfBounds, Outside, UnknownName
from forecasting.governance import reach
from forecasting.governance.reach import Reach
from forecasting.governance.sign_in import Arrival, SignInRules
from forecasting.monthly.inputs import Change
from forecasting.outputs import workbook
from forecasting.rights import COMPANY_WIDE, EVERYWHERE, IN_WORDS, RIGHTS, Remit
from forecasting.vocabulary import Function, Measure
from forecasting.workspace import Workspace

FEED = {"reason": "TREND"}


@pytest.fixture(scope="module")
def space(company, tmp_path_factory):
    """One company for all; whoever is limited in a test is free again after it."""
    folder = tmp_path_factory.mktemp("reach")
    opened = Workspace(Path(shutil.copy(company, folder / "reach.duckdb")))
    yield opened
    opened.close()


@pytest.fixture
def limit(space):
    """Limits somebody for one test."""
    limited = set()

    def to(who, **part):
        limited.add(who)
        space.staff.limit("admin", identity=who, **part)

    yield to
    for who in limited:
        if space.person(who).limits:
            space.staff.limit("admin", identity=who)


@pytest.fixture
def named(space):
    """Departments, classes and regions."""
    places = space.desk.places
    return places.names("department"), places.names("class"), places.names("region")


def at(space, level="all", node="all", *, place=("all", "all"), week=6) -> Scope:
    day = as_date(space.plan.base.weeks[week])
    return Scope(
        product_level=level, product=node, location_level=place[0], location=place[1],
        first_week=day, last_week=day,
    )  # fmt: skip


def test_what_nobody_thought_of_touches_the_whole_company():
    """A new kind of event is refused to whoever is limited until it is known what it touches."""
    known = reach.OF_A_PART | reach.OF_ONESELF
    assert frozenset(Kind) - known == reach.OF_THE_COMPANY
    assert {Kind.IMPORT, Kind.SETTING, Kind.PUBLISH, Kind.SUBMIT} <= reach.OF_THE_COMPANY
    assert set(RIGHTS) == set(IN_WORDS) | {"read"}
    assert set(RIGHTS) > COMPANY_WIDE


def test_somebody_limited_changes_their_part_and_is_told_what_is_outside(space, limit, named):
    (mine, other, *_), _, _ = named
    limit("dana", departments=[mine])
    assert space.override("dana", at(space, "department", mine), "percent", 3.0, **FEED).seq
    before = space.seq
    with pytest.raises(Outside, match=f"may change {mine} only.*SKUs of {other}"):
        space.override("dana", at(space), "percent", 3.0, **FEED)
    with pytest.raises(Outside):
        space.preview_override("dana", [at(space)], "percent", 3.0)
    limit("dana", departments=[mine], regions=["North"])
    where = at(space, "department", mine)
    with pytest.raises(Outside, match="of Coast"):
        space.comment("dana", where, "too much")
    assert space.seq == before + 1  # the limit alone
    north = replace(where, location_level="region", location="North")
    assert space.comment("dana", north, "too much").seq
    assert space.override("dana", north, "percent", 2.0, **FEED).seq


def test_changes_made_together_are_refused_together_and_every_outside_is_named(
    space, limit, named
):
    _, classes, _ = named
    mine, one, two = classes[:3]
    limit("mara", classes=[mine])
    changes = [
        Change(scope=at(space, "class", name, week=w), operation="percent", value=2.0)
        for name, w in ((mine, 7), (one, 7), (two, 8))
    ]
    before = space.seq
    with pytest.raises(Outside) as refused:
        space.override_all("mara", changes, **FEED)
    assert space.seq == before
    assert {one, two} == {w.split(" of ")[1] for w in refused.value.where}
    assert len(space.override_all("mara", changes[:1], **FEED)) == 1


def test_a_workbook_that_came_back_writes_its_persons_part_only(space, limit, named):
    (mine, other, *_), _, _ = named
    week = as_date(space.plan.base.weeks[9])
    grid = pd.DataFrame([[10.0], [10.0]], index=[mine, other], columns=[week])
    given = workbook.export(space, "mara", grid, level="department", measure=Measure.UNITS)
    book = load_workbook(io.BytesIO(given))
    sheet = book.worksheets[0]
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value == 10:
                cell.value = 40
    kept = io.BytesIO()
    book.save(kept)
    limit("mara", departments=[mine])
    judged = workbook.judge(space, "mara", io.BytesIO(kept.getvalue()), "m.xlsx")
    verdicts = {cell.scope.product: (cell.verdict.value, cell.why) for cell in judged.cells}
    assert verdicts[mine][0] == "applied"
    assert verdicts[other][0] != "applied"
    assert "may change" in verdicts[other][1]
    events = workbook.apply(space, "mara", judged, **FEED)
    assert [e.scope.product for e in events] == [mine]


def activation(space, *skus, door=None, name="A1"):
    day = as_date(space.plan.base.weeks[6])
    return Activation(
        activation=name, name=name, type="email", start=day, end=day + dt.timedelta(6),
        items=tuple(Item(sku=sku, door=door) for sku in skus),
    )  # fmt: skip


def test_of_an_activation_that_others_share_only_what_is_changed_counts(space, limit, named):
    (mine, other, *_), _, _ = named
    skus = space.desk.places.skus
    a, b = (
        (s for s in sorted(skus) if skus[s]["department"] == mine),
        (s for s in sorted(skus) if skus[s]["department"] == other),
    )
    ours, more, theirs = next(a), next(a), next(b)
    shared = activation(space, ours, theirs, name="SHARED")
    space.calendar.save("mara", shared)
    limit("mara", departments=[mine])
    wider = replace(shared, items=(*shared.items, Item(sku=more)))
    assert space.calendar.save("mara", wider).seq
    assert space.calendar.set_lift("mara", "SHARED", ours, 1.4).seq
    before = space.seq
    for verb in (
        lambda: space.calendar.set_lift("mara", "SHARED", theirs, 1.4),
        lambda: space.calendar.cancel("mara", "SHARED"),
        lambda: space.calendar.save("mara", activation(space, theirs, name="NEW")),
        lambda: space.calendar.save(
            "mara", replace(space.calendar.one("SHARED"), items=(Item(sku=ours),))
        ),
    ):
        with pytest.raises(Outside):
            verb()
    assert space.seq == before


def test_what_an_edit_of_the_calendar_touches():
    day = dt.date(2026, 1, 4)
    old = Activation(
        activation="A", name="A", type="email", start=day, end=day,
        items=(Item(sku="X", door="D"), Item(sku="Y")),
    )  # fmt: skip

    def touched(before, after):
        return Reach.of_edit(CalendarEdit(activation="A", before=before, after=after))

    assert (
        touched(None, old)
        == touched(old, None)
        == touched(old, old)
        == Reach(skus=frozenset("XY"), doors=None)
    )
    assert touched(old, replace(old, items=old.items[1:])) == Reach(
        skus=frozenset("X"), doors=frozenset("D")
    )
    assert touched(old, replace(old, name="B")).skus == {"X", "Y"}


def test_nobody_takes_back_what_is_outside_and_not_even_their_own(space, limit, named):
    (mine, other, *_), _, _ = named
    event = space.override("ines", at(space, "department", other), "percent", 4.0, **FEED)
    held = space.hold("ines", at(space, "department", other, week=9))
    note = space.comment("ines", at(space, "department", other), "so")
    limit("ines", departments=[mine])
    for seq in (event.seq, held.seq, note.seq):
        with pytest.raises(Outside):
            space.reversals.undo("ines", seq)
    limit("ines", departments=[other])
    assert space.reversals.undo("ines", note.seq).seq


def test_what_is_done_for_the_whole_company_is_not_for_whoever_is_limited(
    space, limit, named, tmp_path
):
    calendar = tmp_path / "activations.csv"
    calendar.write_text("activation,type,start,end\nX1,email,2026-01-04,2026-01-10\n")
    limit("mara", regions=["North"])
    limit("dana", regions=["North"])
    before = space.seq
    for verb in (
        lambda: space.import_files("mara", [calendar]),
        lambda: space.import_files("dana", [calendar]),
        lambda: space.runs.refresh("dana"),
        lambda: space.cycles.open("dana", "2027-01"),
    ):
        with pytest.raises(NotAllowed, match="whole company"):
            verb()
    assert space.seq == before
    assert not space.person("dana").may("import")


def test_whoever_was_asked_by_name_says_that_it_is_done(space, limit, named):
    (mine, other, *_), _, _ = named
    asked = space.minutes.assign(
        "dana", "Call them", owner="ines", due=space.desk.today,
        scope=at(space, "department", other),
    )  # fmt: skip
    limit("ines", departments=[mine])
    limit("mara", departments=[mine])
    with pytest.raises(Outside):
        space.minutes.close("mara", asked.seq)
    assert space.minutes.close("ines", asked.seq).seq


def test_a_delegate_has_the_lesser_of_both(space, limit, named):
    (mine, other, *_), _, _ = named

    def signing(department):
        body = reach.Signed(department=department, digest="", run=1)
        event = space.desk.event(
            replace(space.person("dana"), function=Function.MARKETING), body, client_id="x"
        )
        return space.desk.refuse_outside(event)

    space.set_person(
        "admin", identity="dana", name="Dana Okoro", function=Function.PLANNING,
        delegate_for=Function.MARKETING,
    )  # fmt: skip
    assert signing(mine)
    assert signing(other)
    limit("mara", departments=[mine])
    assert signing(mine)
    with pytest.raises(Outside, match="Marketing together may change"):
        signing(other)
    limit("dana", departments=[other])
    with pytest.raises(Outside, match="Dana Okoro may change"):
        signing(mine)


def test_a_signature_covers_a_department_at_every_door(space, limit, named):
    (mine, *_), _, (*regions,) = named
    body = reach.Signed(department=mine, digest="", run=1)
    limit("dana", departments=[mine], regions=regions[:1])
    with pytest.raises(Outside):
        space.desk.refuse_outside(space.desk.event(space.person("dana"), body, client_id="x"))
    limit("dana", departments=[mine])
    assert space.desk.refuse_outside(
        space.desk.event(space.person("dana"), body, client_id="x")
    )


def test_a_limit_holds_for_what_is_under_way_and_ends_at_once(space, limit, named):
    """Between a person's click and their turn Admin was faster."""
    (mine, other, *_), _, _ = named
    scope = at(space, "department", other, week=10)

    def prepare():
        return space.desk.event(
            space.person("ines"), Commented(), scope=scope, note="x", base=space.seq
        )

    prepared = space.desk._named("late", prepare)
    limit("ines", departments=[mine])
    with pytest.raises(Outside):
        prepared()
    limit("ines")
    assert prepared().scope == scope


def test_a_limit_is_of_names_that_there_are_and_of_functions_that_change_parts(space, named):
    (mine, *_), _, _ = named
    with pytest.raises(UnknownName, match=f"no department 'Footware'; there are .*{mine}"):
        space.staff.limit("admin", identity="dana", departments=["Footware"])
    with pytest.raises(OutOfBounds, match="cannot be limited"):
        space.staff.limit("admin", identity="victor", departments=[mine])
    with pytest.raises(OutOfBounds, match="everything already"):
        space.staff.limit("admin", identity="dana")


def test_whoever_is_limited_stays_so_whatever_else_is_set_of_them(space, limit, named):
    (mine, *_), _, _ = named
    limit("ines", departments=[mine])
    space.set_person(
        "admin", identity="ines", name="Ines", function=Function.PLANNING,
        also=[Function.MERCHANDISING, Function.LEADERSHIP],
    )  # fmt: skip
    remit = Remit(departments=(mine,))
    assert space.person("ines").limits == (
        (Function.MERCHANDISING, remit), (Function.PLANNING, remit)
    )  # fmt: skip
    assert not space.person("ines").may("import")
    space.staff.speak_for("ines", Function.LEADERSHIP)
    assert space.person("ines").remit == EVERYWHERE
    space.set_person(
        "admin", identity="ines", name="Ines Duarte", function=Function.MERCHANDISING
    )


def test_groups_bring_their_limits_and_names_of_several_add_up(space, named):
    (mine, other, *_), _, _ = named
    for group, function, part in (
        ("a", Function.MARKETING, {"departments": [mine]}),
        ("b", Function.MARKETING, {"departments": [other], "regions": ["North"]}),
        ("c", Function.PLANNING, {}),
    ):
        space.staff.set_group("admin", group, function, **part)

    def comes(*groups):
        arrival = Arrival(
            identity="new@shop.example", name="New", groups=frozenset(groups), begun=0, until=1
        )
        return space.staff.arrive(arrival, SignInRules())

    assert comes("a").remit == Remit(departments=(mine,))
    both = comes("a", "b", "c")
    assert both.remit == Remit(departments=tuple(sorted((mine, other))), regions=("North",))
    assert both.remit_for(Function.PLANNING) == EVERYWHERE
    space.staff.set_group("admin", "a", Function.MARKETING)
    assert comes("a").remit == EVERYWHERE
    space.staff.set_group("admin", "a", Function.MARKETING, departments=[mine])
    assert comes("a").remit == Remit(departments=(mine,))
    with pytest.raises(OutOfBounds, match="comes from a group"):
        space.staff.limit("admin", identity="new@shop.example", departments=[mine])
    space.staff.take_out("admin", identity="new@shop.example")
    with pytest.raises(OutOfBounds, match="Only what Marketing"):
        space.staff.set_group("admin", "l", Function.LEADERSHIP, departments=[mine])


def test_what_was_written_before_there_were_limits_reads_as_everything():
    person = read_body("person", '{"id": "x", "name": "X", "function": "planning"}', seq=1)
    group = read_body("group", '{"group": "g", "function": "marketing"}', seq=2)
    assert (person.limits, group.remit) == ((), EVERYWHERE)
    assert "limit" not in write_body(person) + write_body(group)
    remit = Remit(departments=("A",), regions=("N", "S"))
    limited = PersonSet(
        person="x", name="X", function=Function.PLANNING, limits=((Function.PLANNING, remit),)
    )
    assert read_body("person", write_body(limited), seq=1) == limited
    brings = GroupSet(group="g", function=Function.MARKETING, remit=remit)
    assert read_body("group", write_body(brings), seq=1) == brings
    assert str(remit) == "A in N and S"


def test_the_command_line_limits_people_and_is_held_to_the_limits(company_copy, named):
    (mine, *_), _, _ = named
    run = CliRunner().invoke

    def concord(*words):
        return run(main, [*words, "--db", str(company_copy)])

    told = concord("people", "--limit", "mara", "--department", mine, "--region", "North")
    assert told.exit_code == 0, told.output
    assert f"{mine} in North" in told.output
    assert concord("people", "--as", "mara", "--limit", "mara").exit_code == 2
    calendar = company_copy.parent / "activations.csv"
    calendar.write_text("activation,type,start,end\nX1,email,2026-01-04,2026-01-10\n")
    refused = concord("import", str(calendar), "--as", "mara")
    assert refused.exit_code == 2
    assert "whole company" in refused.output
    assert concord("people", "--limit", "mara").exit_code == 0
    assert concord("import", str(calendar), "--as", "mara").exit_code == 0

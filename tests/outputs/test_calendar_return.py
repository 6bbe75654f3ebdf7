"""The marketing calendar that comes back: what is a change, what is none, and who decides it."""

import datetime as dt
import io
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from icalendar import Calendar, Event

from data import leaving, parsing
from data.came_back import CALENDAR, FEATURED
from forecasting.errors import BadFiles, ConcordError, Conflicted, NotAllowed, Refused
from forecasting.outputs import calendar_return as back
from forecasting.outputs import marketing_calendar as leaves
from forecasting.outputs.calendar_return import What
from forecasting.workspace import Workspace
from tests.calling import on

DAY = dt.timedelta(1)


@pytest.fixture(scope="module")
def shared(company, tmp_path_factory):
    """A company that these tests only read, or change in ways that each makes up for."""
    path = shutil.copy(company, tmp_path_factory.mktemp("back") / "c.duckdb")
    opened = Workspace(Path(path))
    yield opened
    opened.close()


def out(space, ending=".xlsx"):
    seq = space.seq
    found = leaves.calendar(space, "mara")
    match ending:
        case ".xlsx":
            return bytes(leaves.as_workbook(found, seq=seq))
        case ".ics":
            return bytes(leaves.as_ics(found, now=dt.datetime(2026, 11, 28), seq=seq))
    return bytes(leaving.as_csv(leaves.frame_of(found, seq=seq)))


def judged(space, made, name="calendar.xlsx", by="mara", **more):
    return back.judge(space, by, io.BytesIO(made), name, **more)


def book(made, change) -> bytes:
    """The workbook after somebody changed it in a spreadsheet program."""
    opened = openpyxl.load_workbook(io.BytesIO(made))
    change(opened)
    target = io.BytesIO()
    opened.save(target)
    return target.getvalue()


def cell(opened, activation, column, *, sheet=CALENDAR):
    rows = list(opened[sheet].iter_rows())
    at = {c.value: n for n, c in enumerate(rows[0])}
    row = next(r for r in rows[1:] if r[at["activation"]].value == activation)
    return row[at[column]]


def events(made, change) -> bytes:
    """The calendar after a program changed some events."""
    read = Calendar.from_ical(made)
    change(list(read.walk("VEVENT")), read)
    return read.to_ical()


def of(read, act):
    uid = leaves.identity_of(act.activation, "runs")
    return next(e for e in read if str(e["uid"]) == uid)


@pytest.fixture
def act(shared):
    """An activation that is ahead, with featured SKUs."""
    first = shared.plan.base.weeks[0].astype(dt.date)
    found = [a for a in shared.plan.activations() if a.is_live and a.items and a.start > first]
    return found[0]


@pytest.mark.parametrize("ending", [".xlsx", ".ics", ".csv"])
def test_what_comes_back_as_it_went_out_changes_nothing(shared, ending):
    found = judged(shared, out(shared, ending), f"c{ending}")
    assert (found.lines, found.problems) == ((), ())
    assert found.unchanged == len(leaves.calendar(shared, "mara"))


def test_hostile_names_come_back_as_they_were(space):
    act = next(a for a in space.plan.activations() if a.is_live and a.items)
    for n, name in enumerate(("=1+1", "Line\none", "a;b,c\\d", "Approved: x", "🎄" * 60)):
        space.calendar.save("mara", replace(act, activation=f"=H{n}", name=name, owner=name))
    for ending in (".xlsx", ".ics", ".csv"):
        found = judged(space, out(space, ending), f"c{ending}")
        assert (found.lines, found.problems) == ((), ()), ending


def test_a_workbook_brings_days_spend_lift_and_doors_with_what_each_is_worth(shared, act):
    sku = act.items[0].sku

    def change(opened):
        cell(opened, act.activation, "end").value = act.end + 7 * DAY
        cell(opened, act.activation, "spend").value = 12345.5
        cell(opened, act.activation, "lift", sheet=FEATURED).value = 1.75

    (line,) = judged(shared, book(out(shared), change)).lines
    assert line.what is What.MOVED
    assert (line.after.end, line.after.spend) == (act.end + 7 * DAY, 12345.5)
    assert line.after.items[0] == replace(act.items[0], lift=1.75)
    assert line.after.items[1:] == act.items[1:]
    assert line.worth is not None
    assert line.worth.units != 0
    assert line.becomes == "Changed at once"
    assert sku in line.text


def test_marketing_changes_at_once_and_another_function_proposes_to_it(space):
    act = [a for a in space.plan.activations() if a.is_live and a.items][-1]
    moved = events(
        out(space, ".ics"),
        lambda read, _: of(read, act).update({"dtend": Event.from_ical(
            f"BEGIN:VEVENT\nDTEND;VALUE=DATE:{act.end + 3 * DAY:%Y%m%d}\nEND:VEVENT"
        )["dtend"]}),
    )  # fmt: skip
    asked = judged(space, moved, "c.ics", by="dana")
    (line,) = asked.lines
    assert (line.after.end, line.becomes) == (act.end + 2 * DAY, "Proposed to Marketing")
    before = space.seq
    (event,) = back.apply(
        space, "dana", asked, take=[act.activation], note="The fair is longer"
    )
    assert (space.seq, space.calendar.one(act.activation)) == (before + 1, act)
    (proposal,) = space.proposals.waiting_for(space.person("mara"))
    assert (proposal.seq, proposal.note, proposal.body.file) == (
        event.seq, "The fair is longer", "c.ics"
    )  # fmt: skip
    # The same file again asks for nothing twice, whoever brings it.
    again = judged(space, moved, "c.ics", by="dana")
    assert again.usual == ()
    assert f"#{event.seq} waits" in again.lines[0].refusal
    with pytest.raises(Refused, match="cannot be taken"):
        back.apply(space, "dana", again, take=[act.activation])
    with pytest.raises(Refused, match="proposed already"):
        back.apply(space, "dana", asked, take=[act.activation])
    space.proposals.decline("mara", event.seq, note="No stand there")
    (line,) = judged(space, moved, "c.ics", by="dana").lines
    assert line.concern == f"{space.person('mara').name} declined it: No stand there"
    # Marketing decides it: it is so at once, and the file says nothing new any more.
    mine = judged(space, moved, "c.ics")
    back.apply(space, "mara", mine, take=mine.usual or [act.activation])
    assert space.calendar.one(act.activation).end == act.end + 2 * DAY
    assert judged(space, moved, "c.ics").lines == ()
    assert space.seq == before + 3
    back.apply(space, "mara", mine, take=[act.activation])  # pressed twice: one event
    assert space.seq == before + 3


def test_what_others_changed_since_it_went_out_stays_and_both_is_asked(space):
    act = [a for a in space.plan.activations() if a.is_live and a.items][-1]
    made = out(space)
    space.calendar.save("mara", replace(act, start=act.start - DAY, owner="Somebody"))
    assert judged(space, made).lines == ()  # the old days in the file are no change

    def change(opened):
        cell(opened, act.activation, "end").value = act.end + DAY

    (line,) = judged(space, book(made, change)).lines
    assert (line.after.start, line.after.owner) == (act.start - DAY, "Somebody")
    assert (line.after.end, line.concern) == (act.end + DAY, "")

    def both(opened):
        cell(opened, act.activation, "start").value = act.start - 2 * DAY

    found = judged(space, book(made, both))
    assert "first day too" in found.lines[0].concern
    assert str(act.start - DAY) in found.lines[0].concern
    assert found.usual == ()
    ics = events(out(space, ".ics"), lambda *_: None)
    space.calendar.save("mara", replace(act, name="Another"))
    assert judged(space, ics, "c.ics").lines == ()


def test_somebody_who_is_faster_is_not_overwritten(space):
    act = [a for a in space.plan.activations() if a.is_live and a.items][-1]
    space.set_person(
        "admin", identity="max", name="Max", function=space.person("mara").function
    )

    def change(opened):
        cell(opened, act.activation, "end").value = act.end + DAY

    found = judged(space, book(out(space), change))
    space.calendar.save("max", replace(act, end=act.end + 5 * DAY))
    with pytest.raises(Conflicted, match="Max"):
        back.apply(space, "mara", found, take=found.usual)
    assert space.calendar.one(act.activation).end == act.end + 5 * DAY


def test_cancelled_is_cancelled_and_missing_only_where_it_is_asked_for(shared, act):
    def cancel(read, _):
        of(read, act)["status"] = "CANCELLED"

    (line,) = judged(shared, events(out(shared, ".ics"), cancel), "c.ics").lines
    assert (line.what, line.after) == (What.CANCELLED, act.cancelled())

    def remove(opened):
        at = cell(opened, act.activation, "activation").row
        opened[CALENDAR].delete_rows(at)

    without = book(out(shared), remove)
    assert judged(shared, without).lines == ()
    (line,) = judged(shared, without, missing=True).lines
    assert (line.after, line.place) == (act.cancelled(), "")
    other = "activation,name,type,start,end\nXX,New,email,2099-01-01,2099-01-02\n"
    with pytest.raises(Refused, match="nothing is cancelled"):
        judged(shared, other.encode(), "c.csv", missing=True)


def test_a_new_event_of_any_program_becomes_an_activation_once(shared):
    first = shared.plan.base.weeks[9].astype(dt.date)
    text = (
        "BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Europe/Berlin\r\nBEGIN:VEVENT\r\nUID:abc@google\r\n"
        f"SUMMARY:Spring\r\n  fair\r\nDTSTART:{first - DAY:%Y%m%d}T230000Z\r\nDTEND:{first + 3 * DAY:%Y%m%d}T230000Z\r\n"
        "BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nSUMMARY:no\r\nEND:VALARM\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    found = judged(shared, text.encode(), "c.ics")
    assert (len(found.problems), found.problems[0].column) == (1, "CATEGORIES")
    assert found.problems[0].line == 3
    (line,) = judged(shared, text.encode(), "c.ics", kind="event").lines
    assert (line.what, line.after.name, line.after.type) == (What.NEW, "Spring fair", "event")
    assert (line.after.start, line.after.end) == (first, first + 3 * DAY)  # midnight there
    (again,) = judged(shared, text.encode(), "c.ics", kind="event").lines
    assert again.identity == line.identity


@pytest.mark.parametrize(
    ("start", "more", "first", "last"),
    [
        ("DTSTART;VALUE=DATE:20270503", "DTEND;VALUE=DATE:20270506", 3, 5),
        ("DTSTART;VALUE=DATE:20270503", "DTEND;VALUE=DATE:20270503", 3, 3),
        ("DTSTART;VALUE=DATE:20270503", "", 3, 3),
        ("DTSTART;VALUE=DATE:20270503", "DURATION:P1W", 3, 9),
        ("DTSTART:20270503T090000", "DTEND:20270505T000000", 3, 4),
        ("DTSTART;TZID=America/New_York:20270503T230000", "DTEND:20270505T120000", 3, 5),
        ("DTSTART;TZID=Nowhere/Else:20270503T230000", "DURATION:PT2H", 3, 4),
        ("DTSTART;TZID=Europe/London:20270103T233000", "DURATION:PT5M", None, None),
    ],
)
def test_days_are_the_days_that_the_calendar_shows(shared, start, more, first, last):
    text = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nSUMMARY:S\n{start}\n{more}\nEND:VEVENT\nEND:VCALENDAR"
    (line,) = judged(shared, text.encode(), "c.ics", kind="event").lines
    if first is None:
        assert (line.after.start, line.after.end) == (dt.date(2027, 1, 3),) * 2
        return
    assert (line.after.start.day, line.after.end.day) == (first, last)


def ics(*inside, before=(), after=()):
    lines = ["BEGIN:VCALENDAR", *before, *inside, *after, "END:VCALENDAR"]
    return "\r\n".join(lines).encode()


EVENT = ("BEGIN:VEVENT", "UID:u", "SUMMARY:S", "DTSTART;VALUE=DATE:20270503")
BAD = {
    "no calendar": (b"hello", "BEGIN:VCALENDAR"),
    "nothing": (b"", "at least one event"),
    "cut off": (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "no END:VEVENT"),
    "nested": (ics(*EVENT, "BEGIN:VEVENT", "END:VEVENT", "END:VEVENT"), "inside of VEVENT"),
    "deep": (ics(*(f"BEGIN:X{n}" for n in range(5000))), "inside of"),
    "crossed": (ics("BEGIN:VEVENT", "BEGIN:VALARM", "END:VEVENT"), "what began last"),
    "latin": (ics(*EVENT, "END:VEVENT").replace(b"SUMMARY:S", b"SUMMARY:\xe9"), "0xe9"),
    "nul": (ics(*EVENT, "END:VEVENT").replace(b":S", b":\0"), "NUL"),
    "half of utf-16": (b"\xff\xfeB\x00E", "UTF-16"),
    "many": (ics(*("BEGIN:VEVENT\r\nEND:VEVENT" for _ in range(200_000))), "10,000 events"),
    "folded": (ics(*EVENT, *(" " + "x" * 900 for _ in range(1_300))), "a line of more"),
    "large": (b"BEGIN:VCALENDAR\r\n" + b"X:" + b"y\r\n" * 12_000_000, "32 MB"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_hostile_calendar_is_refused_by_file_and_line(shared, name):
    made, words = BAD[name]
    before = shared.seq
    with pytest.raises(BadFiles) as caught:
        judged(shared, made, "evil.ics", kind="event")
    assert words in str(caught.value)
    assert str(caught.value).startswith("evil.ics")
    assert shared.seq == before


@pytest.mark.parametrize(
    ("more", "column", "found"),
    [
        ("RRULE:FREQ=SECONDLY;COUNT=999999999", "RRULE", "an event that repeats"),
        ("RDATE:" + ",".join(["20270503"] * 20_000), "RRULE", "an event that repeats"),
        ("DTSTART;VALUE=DATE:20270504", "DTSTART", "2027"),
        ("DTEND;VALUE=DATE:20270501", "DTEND", "2027-04-30"),
        ("DTEND:tomorrow", "DTEND", "tomorrow"),
        ("DURATION:PT99999999999999H", "DURATION", "PT999"),
        ("DURATION:P999999D", "DTEND", "another century"),
        ("UID:v", "UID", "it 2 times"),
    ],
)
def test_one_event_that_cannot_be_taken_is_named_and_the_others_are_shown(
    shared, more, column, found
):
    other = ("BEGIN:VEVENT", "UID:o", "SUMMARY:O", "DTSTART;VALUE=DATE:20270610", "END:VEVENT")
    made = ics(*EVENT, more, "END:VEVENT", *other)
    told = judged(shared, made, "c.ics", kind="event")
    assert [line.after.name for line in told.lines] == ["O"]
    problem = next(p for p in told.problems if p.column == column)
    assert found in problem.found
    assert (problem.file, problem.line) == ("c.ics", 2)


def test_a_letter_that_a_fold_cuts_in_two_and_utf_16_are_read(shared):
    cut = "SUMMARY:Ä".encode()
    made = ics(*EVENT, "END:VEVENT").replace(b"SUMMARY:S", cut[:-1] + b"\r\n " + cut[-1:])
    wide = ics(*EVENT, "END:VEVENT").decode().replace(":S", ":Ä").encode("utf-16")
    for one in (made, wide):
        (line,) = judged(shared, one, "c.ics", kind="event").lines
        assert line.after.name == "Ä"


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("start", "3.5.2027", "YYYY-MM-DD"), ("end", 12, "YYYY-MM-DD"),
        ("spend", "much", "plain number"), ("spend", -1, "plain number"),
        ("planned_as", "maybe", "one of planned"), ("end", "1990-01-01", "can be"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named_by_row_and_column(
    shared, act, column, value, expected
):
    def change(opened):
        cell(opened, act.activation, column).value = value

    made = book(out(shared), change)
    found = judged(shared, made, "plan.xlsx")
    (problem,) = found.problems
    assert problem.file == f"plan.xlsx, sheet {CALENDAR}"
    assert (
        problem.line
        == cell(openpyxl.load_workbook(io.BytesIO(made)), act.activation, "end").row
    )
    assert problem.column in (column, "")
    assert expected in problem.expected
    assert found.lines == ()


def test_a_file_of_another_kind_or_without_its_columns_is_refused(shared):
    for made, name, words in (
        (b"x", "c.docx", ".ics, .xlsx or .csv"), (b"PK", "c.xlsx", "XLSX"),
        (b"a,b\n1,2\n", "c.csv", "column start"), (b"", "c.csv", "column names"),
        (b"start,end,start\n", "c.csv", "twice"), (b"\xe9,start", "c.csv", "0xe9"),
        (bytes(leaving.as_workbook({"X": pd.DataFrame({"a": [1]})})), "c.xlsx", CALENDAR),
    ):  # fmt: skip
        with pytest.raises(BadFiles, match=words):
            judged(shared, made, name)
    parsing.let_go()


def test_who_only_reads_brings_nothing_back(shared):
    for by in ("victor", "admin"):
        with pytest.raises(NotAllowed):
            judged(shared, out(shared, ".csv"), "c.csv", by=by)


def test_what_was_judged_for_one_person_is_not_taken_by_another(shared, act):
    def change(opened):
        cell(opened, act.activation, "end").value = act.end + DAY

    found = judged(shared, book(out(shared), change))
    before = shared.seq
    for take in ([act.activation], ["nothing"], []):
        with pytest.raises(ConcordError):
            back.apply(shared, "ines", found, take=take)
    assert shared.seq == before


def test_the_command_line_shows_takes_and_says_nothing_twice(company, tmp_path):
    run = partial(on, Path(shutil.copy(company, tmp_path / "c.duckdb")))
    file = tmp_path / "calendar.csv"
    run("calendar", "--out", str(file))
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    identity = rows.loc[len(rows) - 1, "activation"]
    rows.loc[len(rows) - 1, "owner"] = "Somebody"
    rows.to_csv(file, index=False, sep=";")
    told = run("import-calendar", str(file), "--as", "mara")
    assert "owner Somebody" in told.stdout + told.stderr
    assert "Nothing was changed" in told.stdout + told.stderr
    done = json.loads(
        run("import-calendar", str(file), "--as", "mara", "--all", "--json").stdout
    )
    assert done["taken"] == [identity]
    again = json.loads(
        run("import-calendar", str(file), "--as", "mara", "--all", "--json").stdout
    )
    assert (again["changes"], again["events"]) == ([], [])
    rows.loc[0, "start"] = "soon"
    rows.to_csv(file, index=False)
    told = run("import-calendar", str(file), "--as", "mara", "--take", identity, code=2)
    assert "calendar.csv, line 2, column start: found 'soon'" in told.stderr

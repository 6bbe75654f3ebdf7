"""Files made to do harm: refused in words, nothing run, nothing changed, nobody dead."""

import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import files, parsing, reading, sheets
from data.limits import LIMITS, MB, Limits
from data.store import Store
from forecasting.errors import BadFiles
from tests.data.test_import import GOOD, verdicts, with_good, write
from tests.load import chaos_files

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def store():
    opened = Store()
    yield opened
    opened.close()
    parsing.let_go()


def refused(store: Store, path: Path, limits: Limits = LIMITS) -> str:
    """Everything that is wrong with a file, in words."""
    try:
        with files.judged(store, [path], limits=limits) as judged:
            return "\n".join(str(problem) for problem in judged.all_problems)
    except BadFiles as error:
        return str(error)


# Names --------------------------------------------------------------------------------------

HARM = [
    "\"; update event set body = '{}'; --",
    "x\", (select 1), \"",
    "a' || (select 1) || '",
    "') as t; copy (select 1) to 'concord-was-here.csv'; --",
    "{texts}", "{0}", "$1", "?", "_row", "_line", "c0", "file_row_number", '"', "'", "\0", "\\",
]  # fmt: skip
names = st.one_of(
    st.sampled_from(HARM), st.text(max_size=40), st.text("\"';()-_ \n\0{}$?", max_size=12)
)
headers = st.lists(names, min_size=1, max_size=6)
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
FEW = settings(max_examples=25, deadline=None, suppress_health_check=SLOW)


def as_csv(header: list[str], row: list[str]) -> bytes:
    lines = [
        ",".join('"' + v.replace('"', '""') + '"' for v in values) for values in (header, row)
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


@pytest.mark.slow
@FEW
@given(header=headers, twice=st.booleans())
def test_no_header_of_a_csv_is_ever_run(store, tmp_path, header, twice):
    before, counted = chaos_files.digest(store), watched(store)
    row = ["D1", *header]
    content = as_csv(["door", *header], row) + (as_csv(row, row) if twice else b"")
    (path,) = write(tmp_path, doors=content)
    refused(store, path)  # whatever it is called: it is a refusal or a success
    assert chaos_files.digest(store) == before
    assert watched(store) == counted


@pytest.mark.slow
@FEW
@given(header=headers)
def test_no_column_of_a_parquet_file_is_ever_run(store, tmp_path, header):
    before = chaos_files.digest(store)
    columns = ["door", *(name.encode("utf-8", "replace").decode() for name in header)]
    table = pa.Table.from_arrays([pa.array(["D1", "D1"])] * len(columns), names=columns)
    pq.write_table(table, tmp_path / "doors.parquet")
    assert "the same again" in refused(store, tmp_path / "doors.parquet") or len(
        {name.strip() for name in columns}
    ) < len(columns)
    assert chaos_files.digest(store) == before


@pytest.mark.slow
@FEW
@given(sheet=st.text(min_size=1, max_size=31), header=headers)
def test_no_sheet_and_no_cell_of_a_workbook_is_ever_run(store, tmp_path, sheet, header):
    before = chaos_files.digest(store)
    book = xlsxwriter.Workbook(tmp_path / "w.xlsx", {"strings_to_formulas": False})
    try:
        other = book.add_worksheet(sheet.replace("\0", ""))
        other.write_string(0, 0, "x")
    except (xlsxwriter.exceptions.XlsxWriterException, ValueError):
        pass  # Excel knows no such name
    mine = book.add_worksheet("doors")
    for column, name in enumerate(["door", *header]):
        mine.write_string(0, column, name.encode("utf-8", "replace").decode())
        mine.write_string(1, column, "D1")
        mine.write_string(2, column, "D1")
    book.close()
    refused(store, tmp_path / "w.xlsx")
    assert chaos_files.digest(store) == before


def watched(store: Store) -> list[tuple[str, ...]]:
    """Every database and table that there is."""
    with store.cursor() as cursor:
        return cursor.execute(
            "select database_name, table_name from duckdb_tables() order by all"
        ).fetchall()


def test_a_header_that_rewrites_the_ledger_and_writes_a_file_does_neither(store, tmp_path):
    target = tmp_path / "written.csv"
    harm = (
        'door"::varchar)) from staging.bad join staging.raw using (_row) group by 1; '
        f"insert into migration values ('harm', now()); copy (select 1) to '{target}'; --"
    )
    (path,) = write(tmp_path, doors=as_csv(["door", harm], ["D1", "x"]) + b"D1,x\n")
    before = chaos_files.digest(store)
    assert "the same again" in refused(store, path)
    assert not target.exists()
    assert chaos_files.digest(store) == before


@pytest.mark.parametrize("name", ["_row", "_line", 'quo"te', "c0", "'"])
def test_a_column_may_be_called_anything_and_is_ignored_by_name(store, tmp_path, name):
    (path,) = write(tmp_path, doors=as_csv(["door", name], ["D1", "x"]))
    (verdict,) = verdicts(store, [path]).verdicts
    assert verdict.accepted == 1
    assert name in verdict.notes[0]


@pytest.mark.parametrize("width", [10_000, 16_384])
def test_a_header_of_thousands_of_columns_is_refused_in_words(store, tmp_path, width):
    header = ["door", *(f"x{n}" for n in range(width - 1))]
    (path,) = write(tmp_path, doors=",".join(header) + "\n")
    assert f"found {width:,} columns, expected at most 500 columns" in refused(store, path)
    table = pa.Table.from_arrays([pa.array(["D1"])] * width, names=header)
    pq.write_table(table, tmp_path / "doors.parquet")
    assert f"found {width:,} columns" in refused(store, tmp_path / "doors.parquet")


def test_refused_rows_are_written_as_they_were_and_are_no_formulas(store, tmp_path):
    text = "door,name,kind\nD1,,store\n=1+1,,kiosk\n"
    (path,) = write(tmp_path, doors=text)
    (verdict,) = verdicts(store, [path]).verdicts
    written = pd.read_csv(files.write_rejects(verdict, path), dtype=str)
    assert written["row"].tolist() == ["'=1+1,,kiosk"]
    assert written["line"].tolist() == ["3"]


# Size ---------------------------------------------------------------------------------------


def book_with(tmp_path: Path, cells: dict[str, str], sheet: str = "doors") -> Path:
    path = tmp_path / "w.xlsx"
    with xlsxwriter.Workbook(path) as book:
        made = book.add_worksheet(sheet)
        for cell, value in cells.items():
            made.write_string(cell, value)
    return path


def with_part(path: Path, part: str, content: bytes | None) -> Path:
    """The workbook with one part of other content, or without it."""
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
            elif content is not None:
                new.writestr(name, content)
    return path


@pytest.mark.parametrize("cell", ["XFD1048576", "ALL100000"])
def test_one_cell_far_away_costs_one_cell(store, tmp_path, cell):
    path = book_with(tmp_path, {"A1": "door", "A2": "D1", cell: "x"})
    started = time.monotonic()
    assert cell in refused(store, path)
    assert time.monotonic() - started < 10


def test_rows_far_apart_are_read_at_their_lines(store, tmp_path):
    path = book_with(tmp_path, {"A1": "door", "A2": "D1", "A1048576": "D1"})
    assert "line 1048576, column door: found the same again: D1" in refused(store, path)


def test_what_an_archive_unpacks_to_is_counted(store, tmp_path):
    path = book_with(tmp_path, {"A1": "door"})
    small = Limits(unpacked=5 * MB)
    path = with_part(
        path, "xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 6 * MB + b"</worksheet>"
    )
    assert path.stat().st_size < 20_000
    assert "unpacks to more than 5 MB" in refused(store, path, small)


@pytest.mark.parametrize(
    ("part", "content", "words"),
    [
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData " + b"a" * 4 * MB, "a tag without an end"),
        ("xl/sharedStrings.xml", b"<sst><si><t>" + b"A" * 4 * MB, "more than 1,000,000 characters"),
        ("xl/sharedStrings.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><sst/>", "a document type"),
        ("xl/sharedStrings.xml", b"<sst><si>", "broken XML"),
        ("xl/sharedStrings.xml", None, "a shared text 0 that is not there"),
        ("xl/worksheets/sheet1.xml", None, "found nothing in xl/worksheets/sheet1.xml"),
        ("xl/workbook.xml", None, "found nothing in xl/workbook.xml"),
        ("xl/workbook.xml", b"<workbook>", "broken XML"),
        ("xl/_rels/workbook.xml.rels", b"<Relationships/>", "found nothing in xl/?"),
    ],
)  # fmt: skip
def test_a_broken_part_of_a_workbook_is_named(store, tmp_path, part, content, words):
    path = with_part(book_with(tmp_path, {"A1": "door", "A2": "D1"}), part, content)
    started = time.monotonic()
    assert words in refused(store, path)
    assert time.monotonic() - started < 10


def test_the_forecast_that_comes_back_is_read_within_the_same_limits(tmp_path):
    grid = pd.DataFrame([[1.0]], index=["A1"], columns=pd.to_datetime(["2026-11-29"]))
    made = tmp_path / "w.xlsx"
    made.write_bytes(sheets.write(grid, {"base": "1"}))
    with made.open("rb") as file, pytest.raises(BadFiles, match="more than 2 cells"):
        sheets.read(file, "w.xlsx", limits=Limits(grid_cells=2))
    far = b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    with_part(made, "xl/worksheets/sheet1.xml", far)
    with made.open("rb") as file, pytest.raises(BadFiles, match="XFD1048576"):
        sheets.read(file, "w.xlsx")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(rows=3), "more than 3 rows"),
        (Limits(cells=6), "more than 6 cells"),
        (Limits(columns=1), "2 columns"),
        (Limits(file=10), "a file of more than"),
        (Limits(rejects=2), "4 rows that are refused"),
        (Limits(written=100), "no space to read it"),
        (Limits(seconds=0.0001), "more than 0.0001 seconds"),
    ],
)
def test_more_than_a_limit_is_refused_by_the_limit(store, tmp_path, limits, words):
    (path,) = write(tmp_path, doors="door,kind\n" + "".join(f"D{n},kiosk\n" for n in range(4)))
    assert words in refused(store, path, limits)
    parsing.let_go()


def test_every_limit_stands_where_the_columns_are_explained():
    guide = files.columns_guide()
    for value in (
        f"{LIMITS.rows:,}",
        f"{LIMITS.columns:,}",
        f"{LIMITS.cells:,}",
        "300 seconds",
    ):
        assert value in guide


# The process that may die -------------------------------------------------------------------


def test_memory_beyond_the_limit_is_refused_and_the_next_file_is_read(store, tmp_path):
    wide = b"A" * 900_000 + "\U0001f9e5".encode()  # one wide letter makes all of them wide
    text = b"<si><t>" + wide + b"</t></si>"
    path = book_with(tmp_path, {"A1": "door"})
    with_part(
        path, "xl/sharedStrings.xml", b"<sst><si><t>door</t></si>" + text * 120 + b"</sst>"
    )
    small = Limits(memory=300 * MB)
    # A library that finds no memory may say so, or end its process: both are refusals.
    told = refused(store, path, small)
    assert "of memory to read" in told or "reading breaks off" in told
    (good,) = write(tmp_path, doors=GOOD["doors"])
    assert refused(store, good, small) == ""
    parsing.let_go()


def test_a_process_that_is_killed_in_the_midst_is_a_refusal(store, tmp_path, monkeypatch):
    start = parsing._Process.start

    def dying(limits):
        one = start(limits)
        one.kill()
        return one

    parsing.let_go()
    monkeypatch.setattr(parsing._Process, "start", dying)
    (path,) = write(tmp_path, doors=GOOD["doors"])
    assert "doors.csv: found a file on which reading breaks off (SIGKILL)" in refused(
        store, path
    )
    monkeypatch.undo()
    assert refused(store, path) == ""


def test_the_process_knows_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("CONCORD_PASSWORD", "secret")
    parsing.let_go()
    one = parsing._Process.start(LIMITS)
    environment = Path(f"/proc/{one.process.pid}/environ")
    if not environment.exists():
        pytest.skip("this system does not show the environment of a process")
    seen = environment.read_bytes()
    one.end()
    assert b"secret" not in seen


def test_when_the_app_is_killed_its_process_ends_and_its_folder_is_swept(tmp_path):
    code = (
        "import os, sys, time; from data import parsing; from data.limits import LIMITS\n"
        "one = parsing._Process.start(LIMITS)\n"
        "with parsing.private_folder() as folder:\n"
        "    print(one.process.pid, folder, flush=True); time.sleep(60)\n"
    )
    app = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    pid, folder = app.stdout.readline().split()
    with parsing.private_folder():
        assert Path(folder).exists(), "a folder in use is not swept"
    app.kill()
    app.wait()
    deadline = time.monotonic() + 20
    while is_running(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(int(pid))
    with parsing.private_folder() as mine:
        assert not Path(folder).exists()
        assert mine.stat().st_mode & 0o077 == 0
    assert not mine.exists()


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_one_process_reads_many_files_and_is_replaced_after_some(store, tmp_path):
    limits = Limits(tasks=3)
    seen = set()
    (path,) = write(tmp_path, doors=GOOD["doors"])
    for _ in range(4):
        assert refused(store, path, limits) == ""
        seen |= {one.process.pid for one in parsing.WAITING._idle if one.limits == limits}
    assert len(seen) == 2
    parsing.let_go()


# Folders ------------------------------------------------------------------------------------


def test_whatever_is_not_read_of_a_folder_is_named(store, tmp_path):
    with_good(tmp_path)
    for name in (
        "notes.txt",
        "old.json",
        "sales.csv.gz",
        "turnover.csv",
        ".DS_Store",
        "~$x.xlsx",
    ):
        (tmp_path / name).write_text("x")
    (tmp_path / "more").mkdir()
    notes = verdicts(store, [tmp_path]).notes
    assert sorted(note.split(":")[0] for note in notes) == [
        "more", "notes.txt", "old.json", "sales.csv.gz", "turnover.csv",
    ]  # fmt: skip


def test_a_workbook_with_macros_in_a_folder_is_refused(store, tmp_path):
    with_good(tmp_path)
    (tmp_path / "doors.xlsm").write_bytes(b"x")
    assert "doors.xlsm: found a '.xlsm' file" in refused(store, tmp_path)


def test_a_link_that_leads_out_of_the_folder_is_named_and_never_opened(store, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("root:x:0:0\n")
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, **GOOD)
    (folder / "skus.csv").unlink()
    (folder / "skus.csv").symlink_to(secret)
    words = refused(store, folder)
    assert "skus.csv: found a link that leads out of its folder" in words
    assert "root" not in words
    (folder / "skus.csv").unlink()
    (folder / "kept").mkdir()
    (folder / "kept" / "x.csv").write_text(GOOD["skus"])
    (folder / "skus.csv").symlink_to(folder / "kept" / "x.csv")
    assert refused(store, folder) == ""


def test_a_pipe_is_never_waited_for(store, tmp_path):
    os.mkfifo(tmp_path / "doors.csv")
    for given_path in (tmp_path, tmp_path / "doors.csv"):
        assert "doors.csv: found a pipe, a device or a folder" in refused(store, given_path)


def test_a_name_with_signs_that_mean_something_elsewhere_is_a_name(store, tmp_path):
    folder = tmp_path / "q[1]* {x} '\"; --"
    folder.mkdir()
    with_good(folder)
    assert refused(store, folder) == ""
    assert refused(store, Path("a\0b.csv")) != ""
    assert refused(store, tmp_path / ("x" * 5000 + ".csv")) != ""


def test_names_on_the_disk_that_are_no_text_can_be_shown():
    assert reading.named(Path(os.fsdecode(b"s\xff\n\x1b[31m.csv"))) == "s???[31m.csv"


# What a file may hold -----------------------------------------------------------------------

ODD_TYPES = {
    "a list": (pa.array([["a"]]), "values of type VARCHAR[]"),
    "a record": (pa.array([{"a": 1}]), "values of type STRUCT(a BIGINT)"),
    "bytes that are no text": (pa.array([b"\xff\xfe"]), "not valid UTF8"),
    "a number with 37 digits": (pa.array([10**36], pa.decimal128(38, 0)), "'1000000"),
    "a time of the day": (pa.array([1], pa.time32("s")), "'00:00:01'"),
}


@pytest.mark.parametrize("case", ODD_TYPES)
def test_a_parquet_column_of_another_kind_is_refused_in_words(store, tmp_path, case):
    values, words = ODD_TYPES[case]
    table = pa.Table.from_arrays([pa.array(["D1"]), values], names=["door", "transfer_cost"])
    pq.write_table(table, tmp_path / "doors.parquet")
    assert words in refused(store, tmp_path / "doors.parquet")


def test_a_column_twice_in_a_parquet_file_is_refused(store, tmp_path):
    table = pa.Table.from_arrays([pa.array(["D1"])] * 2, names=["door", "door"])
    pq.write_table(table, tmp_path / "doors.parquet")
    assert "column 'door' twice" in refused(store, tmp_path / "doors.parquet")


def test_exact_types_of_parquet_mean_what_they_say(store, tmp_path):
    columns = {
        "door": pa.array([b"D1", "Dé".encode()]),
        "transfer_weeks": pa.array([3, 4], pa.uint64()),
        "transfer_cost": pa.array(["2.50", "7.00"]).cast(pa.decimal128(8, 2)),
        "file_row_number": pa.array([9, 9]),
    }
    pq.write_table(pa.table(columns), tmp_path / "doors.parquet")
    with files.judged(store, [tmp_path / "doors.parquet"]) as judged, store.cursor() as cursor:
        assert judged.all_problems == ()
        rows = cursor.execute(
            "select door, transfer_weeks, transfer_cost from staging.doors order by _row"
        ).fetchall()
    assert rows == [("D1", 3, 2.5), ("Dé", 4, 7.0)]


def test_a_broken_line_does_not_hide_the_lines_after_it(store, tmp_path):
    text = 'door,name\nD1,a\n"D2"x,b\nD3,c\nD4\nD5,d\n'
    (path,) = write(tmp_path, doors=text)
    (verdict,) = verdicts(store, [path]).verdicts
    assert (verdict.read, verdict.accepted) == (5, 3)
    assert [(p.line, p.found) for p in verdict.problems] == [
        (3, "text after a closing quote"),
        (5, "1 values"),
    ]


def test_dates_numbers_and_truths_of_a_workbook_are_read_as_a_csv_says_them(store, tmp_path):
    path = tmp_path / "w.xlsx"
    with xlsxwriter.Workbook(path) as book:
        date = book.add_format({"num_format": "dd/mm/yyyy"})
        rich = book.add_format({"bold": True})
        for name in ("skus", "doors"):
            sheet = book.add_worksheet(name)
            for row, line in enumerate(GOOD[name].splitlines()):
                sheet.write_row(row, 0, line.split(",")[: 2 if name == "skus" else 1])
        sheet = book.add_worksheet("sales")
        sheet.write_row(0, 0, ["date", "sku", "door", "units", "in_stock"])
        sheet.write_datetime(1, 0, pd.Timestamp("2026-11-01"), date)
        sheet.write_rich_string(1, 1, "A", rich, "1")
        sheet.write_row(1, 2, ["D1", 0.1])
        sheet.write_boolean(1, 4, True)
    with files.judged(store, [path]) as judged, store.cursor() as cursor:
        assert judged.all_problems == ()
        rows = cursor.execute(
            "select date::varchar, sku, door, units, in_stock from staging.sales"
        ).fetchall()
    assert rows == [("2026-11-01", "A1", "D1", 0.1, 1.0)]


# Everything at once -------------------------------------------------------------------------


@pytest.mark.slow
def test_a_hundred_and_fifty_mutated_files_are_refused_or_taken_and_change_nothing():
    outcomes = chaos_files.run(150, first=20_000)
    assert sum(outcomes.values()) == 150
    assert min(outcomes["refused"], outcomes["partly"], outcomes["accepted"]) > 0


def test_no_folder_is_left_behind(store, tmp_path, monkeypatch):
    between = tmp_path / "between"
    between.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(between))
    verdicts(store, write(tmp_path, **GOOD))
    assert list(between.glob(f"{parsing.PREFIX}*")) == []

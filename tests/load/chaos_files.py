"""Mutated files against the import: refused in words or taken, never anything else.

`python -m tests.load.chaos_files --files 10000` makes that many files out of a few good ones (bytes
flipped, cut, doubled; parts of archives dropped, doubled, edited; headers and cells changed;
columns of other types) and previews each. It fails at the first one that brings out anything
but a refusal, takes too long, or changes the database, and says from which seed it came.
"""

import argparse
import hashlib
import io
import json
import random
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import xlsxwriter

from data import files, parsing, sheets
from data.limits import Limits
from data.store import Store
from forecasting.errors import BadFiles

AT_ONCE = 250
"""Files between two looks at whether the database is as before."""
LONGEST_SECONDS = 20.0
"""Beyond this a file counts as a hang; the machine may be busy."""
LIMITS = Limits(seconds=15.0)

TABLES = {
    "skus": "sku,class,style,unit_price,case_pack,launch_date\n"
    "A1,Coats,S1,120.5,6,2026-01-04\nA2,Coats,S1,110,6,\n007,Lamps,S2,30,4,\n",
    "doors": "door,name,region,kind\nD1,Lyon,North,store\nD2,\u00dcber \u6bdb\u8863,South,online\n",
    "sales": "date,sku,door,units,revenue,in_stock\n2026-11-01,A1,D1,5,600,1\n"
    "2026-11-08,007,D2,-1,-30,0.5\n2026-11-08,A2,D1,4,440,true\n",
}
ODD = (
    '"', "'", '"; drop table event; --', "_row", "c0", "\0", "\x07", "\u202e", "\U0001f9e5", "=1+1",
    "' || (select 1) || '", "x" * 5000, "a\nb", "a,b", "{0}", "{names}", "$1", "?", "%s", "", " ",
    "nan", "1e400", "-0", "9" * 400, "2026-99-99", "<script>", "../../x", "&amp;", "_x0000_", "_xD800_",
    ") as x; copy event to 'x'; --", "class", "sku", "units",
)  # fmt: skip


def csv_of(chance: random.Random, text: str) -> bytes:
    lines = [line.split(",") for line in text.splitlines()]
    for _ in range(chance.randint(0, 3)):
        row = chance.choice(lines[:1] * 2 + lines)
        match chance.randint(0, 3):
            case 0:
                row[chance.randrange(len(row))] = chance.choice(ODD)
            case 1:
                row.insert(chance.randrange(len(row) + 1), chance.choice(ODD))
            case 2 if len(row) > 1:
                row.pop(chance.randrange(len(row)))
            case _:
                lines.insert(chance.randrange(len(lines) + 1), list(row))
    joined = chance.choice(("\n", "\n", "\r\n", "\r")).join(
        ",".join(quoted(chance, value) for value in row) for row in lines
    )
    return joined.encode(chance.choice(("utf-8",) * 6 + ("utf-16", "latin-1")), "replace")


def quoted(chance: random.Random, value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if chance.random() < 0.5 else value


def parquet_of(chance: random.Random, text: str) -> bytes:
    table = pyarrow.csv.read_csv(io.BytesIO(text.encode()))
    for _ in range(chance.randint(0, 3)):
        at = chance.randrange(table.num_columns)
        name = chance.choice((table.column_names[at], chance.choice(ODD)))
        column = chance.choice((table.column(at), odd_column(chance, table.num_rows)))
        changed = chance.choice((table.set_column, table.add_column))
        table = changed(at, name, column)
    target = io.BytesIO()
    pq.write_table(table, target, compression=chance.choice(("none", "snappy", "zstd", "gzip")))
    return target.getvalue()


def odd_column(chance: random.Random, rows: int) -> pa.Array:
    return chance.choice(
        [
            lambda: pa.array([["a", None]] * rows),
            lambda: pa.array([{"a": 1, "b": [1.5]}] * rows),
            lambda: pa.array([[("k", 1)]] * rows, pa.map_(pa.string(), pa.int64())),
            lambda: pa.array([b"\xff\x00"] * rows),
            lambda: pa.array([b"D1"] * rows),
            lambda: pa.array([2**64 - 1] * rows, pa.uint64()),
            lambda: pa.array([10**37] * rows, pa.decimal128(38, 0)),
            lambda: pa.array([None] * rows),
            lambda: pa.array([float("nan")] * rows),
            lambda: pa.array([2**40] * rows, pa.timestamp("ns", "Asia/Tokyo")),
            lambda: pa.array([2**31 - 1] * rows, pa.date32()),
            lambda: pa.array([86399] * rows, pa.time32("s")),
            lambda: pa.array([2**40] * rows, pa.duration("us")),
            lambda: pa.array(["A1"] * rows).dictionary_encode(),
            lambda: pa.array([chance.choice(ODD)] * rows),
            lambda: pa.array(np.zeros(rows, np.float16)),
        ]
    )()


def book_of(chance: random.Random) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"strings_to_formulas": False}) as book:
        for name, text in TABLES.items():
            sheet = book.add_worksheet(name)
            for row, line in enumerate(text.splitlines()):
                for column, value in enumerate(line.split(",")):
                    given = chance.choice(ODD) if chance.random() < 0.02 else value
                    if chance.random() < 0.01:
                        sheet.write_formula(row, column, "=1+1", None, chance.choice(("", 2)))
                    else:
                        sheet.write_string(row, column, given[:32_000].replace("\0", ""))
            if chance.random() < 0.05:
                sheet.write(chance.choice((1_048_575, 9)), chance.choice((16_383, 3)), "x")
    return repacked(chance, target.getvalue())


def repacked(chance: random.Random, book: bytes) -> bytes:
    """An archive with parts dropped, doubled, edited or swapped."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old:
        parts = [(name, old.read(name)) for name in old.namelist()]
    for _ in range(chance.randint(0, 2)):
        at = chance.randrange(len(parts))
        name, content = parts[at]
        match chance.randint(0, 5):
            case 0:
                parts.pop(at)
            case 1:
                parts.append((name, flipped(chance, content)))
            case 2:
                parts[at] = (name, parts[chance.randrange(len(parts))][1])
            case 3:
                parts[at] = (name, b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + content)
            case _:
                parts[at] = (name, edited(chance, content))
    method = chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2))
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method) as new:
        warnings.simplefilter("ignore")  # a part twice is what is meant
        for name, content in parts:
            new.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()


def edited(chance: random.Random, content: bytes) -> bytes:
    """XML with some of what matters to a reader changed."""
    swaps = [
        (b'r="', b'r="XFD104857'), (b'r="A', b'r="'), (b't="s"', b't="n"'), (b't="s"', b't="zz"'),
        (b"<v>", b"<v>-"), (b"<v>", b"<v>9999999999"), (b"</c>", b""), (b"<row", b"<wor"),
        (b'r:id="rId1"', b'r:id="rId99"'), (b"worksheets/sheet1", b"../../etc/x"),
        (b's="', b's="-'), (b"numFmtId", b"numFmtXd"), (b"UTF-8", b"UTF-7"), (b"<t", b"<t\x00"),
        (b'name="sales"', b'name="sa&quot;les"'), (b'name="sales"', b'name="doors"'), (b">", b">" * 9),
    ]  # fmt: skip
    was, now = chance.choice(swaps)
    return content.replace(was, now, chance.choice((1, 3, -1)))


def grid_of(chance: random.Random) -> bytes:
    import pandas as pd

    weeks = pd.date_range("2026-11-29", periods=4, freq="7D")
    grid = pd.DataFrame(np.ones((3, 4)), index=["A1", "A2", "007"], columns=weeks)
    about = {"base": "1", "input": "planning", "level": "sku", "measure": "units"}
    return repacked(chance, sheets.write(grid, about))


def flipped(chance: random.Random, content: bytes) -> bytes:
    """Bytes flipped, cut out, doubled, or cut off."""
    if not content:
        return b"\x00"
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20))):
        at = chance.randrange(len(made))
        match chance.randint(0, 3):
            case 0:
                made[at] = chance.randrange(256)
            case 1:
                del made[at : at + chance.choice((1, 4, 64))]
            case 2:
                made[at:at] = made[at : at + chance.choice((1, 16, 256))]
            case _ if chance.random() < 0.2:
                del made[at:]
        if not made:
            return b""
    return bytes(made)


def mutated(seed: int) -> tuple[str, bytes]:
    """A file name and its content; a grid that comes back is called so."""
    chance = random.Random(seed)
    name, text = chance.choice(list(TABLES.items()))
    kind = chance.choice(("csv", "csv", "parquet", "parquet", "xlsx", "xlsx", "grid"))
    match kind:
        case "csv":
            content = csv_of(chance, text)
        case "parquet":
            content = parquet_of(chance, text)
        case "grid":
            content = grid_of(chance)
        case _:
            content = book_of(chance)
    if chance.random() < 0.5:
        content = flipped(chance, content)
    return ("grid.xlsx" if kind == "grid" else f"{name}.{kind}"), content


def digest(store: Store) -> str:
    """Of every row of every table."""
    summed = hashlib.blake2b()
    with store.cursor() as cursor:
        names = cursor.execute(
            "select table_name from duckdb_tables() "
            "where database_name = current_database() order by 1"
        ).fetchall()
        for (name,) in names:
            rows = cursor.execute(f'select * from "{name}" order by all').fetchall()
            summed.update(repr((name, rows)).encode())
    return summed.hexdigest()


def preview(store: Store, folder: Path, seed: int, limits: Limits = LIMITS) -> str:
    """What became of the file of a seed: accepted, partly or refused.

    Raises
    ------
    AssertionError
        If it took too long. Anything else that is raised is a fault.
    """
    name, content = mutated(seed)
    path = folder / name
    path.write_bytes(content)
    started = time.monotonic()
    try:
        if name == "grid.xlsx":
            sheets.read(io.BytesIO(content), name, limits=limits)
            outcome = "accepted"
        else:
            with files.judged(store, [path], limits=limits) as judged:
                outcome = "partly" if judged.all_problems else "accepted"
                assert all(len(str(p)) < 20_000 for p in judged.all_problems)
    except BadFiles:
        outcome = "refused"
    finally:
        path.unlink()
    spent = time.monotonic() - started
    assert spent < LONGEST_SECONDS, f"seed {seed} ({name}) took {spent:.1f} s"
    return outcome


def run(count: int, *, first: int = 0) -> Counter[str]:
    """Preview the files of so many seeds; the database is as before.

    Raises
    ------
    AssertionError
        Naming the seed of the file that did what no file may.
    """
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / "chaos.duckdb")
        before = digest(store)
        for seed in range(first, first + count):
            try:
                outcomes[preview(store, folder, seed)] += 1
            except Exception as error:
                raise AssertionError(f"seed {seed} ({mutated(seed)[0]}): {error!r}") from error
        assert digest(store) == before
        store.close()
        left = [
            path.name for path in folder.iterdir() if not path.name.startswith("chaos.duckdb")
        ]
        assert left == []
    parsing.let_go()
    return outcomes


def main() -> None:
    """Mutate and try so many files, or for so many minutes, and say what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--first", type=int, default=0, help="The first seed.")
    asked = parser.parse_args()
    started, outcomes, done = time.monotonic(), Counter[str](), 0
    end = started + 60 * asked.minutes if asked.minutes else float("inf")
    while done < asked.files and time.monotonic() < end:
        count = min(AT_ONCE, asked.files - done)
        outcomes += run(count, first=asked.first + done)
        done += count
    print(
        json.dumps(
            {
                "files": done,
                "outcomes": dict(outcomes),
                "seconds": round(time.monotonic() - started),
            }
        )
    )


if __name__ == "__main__":
    main()

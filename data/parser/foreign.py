"""Files of others: where their rows begin and end, in which letters, between which signs.

What systems export has titles above its column names, totals below its rows, and any
encoding. It is found here, written down as clean UTF-8 without all that, and then read like
any other file. What was left out is listed, line by line.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from data.limits import LIMITS
from data.parser import csv_file, engine, parquet_file, xlsx_file
from data.parser.seen import seen
from data.parser.staged import Broken, Rows, Task, bad, shown, walked
from data.shapes import DATES, DELIMITERS, ENCODINGS, Reading, day_of

HEAD, TAIL = 1 << 18, 1 << 16
"""Bytes that are looked at for where rows begin, and for where they end."""
FIRST_LINES = 200
"""Records by which the sign between columns is found."""
MOST_FOOTERS = 20
SAMPLE = 8
BLOCK = 1 << 24
_TOTAL = re.compile(
    r"\W*(grand\s+|sub)?(total\w*|gesamt\w*|summe\w*|sum|insgesamt|totaux|somme|totale|suma|"
    r"totaal|records?|rows?|anzahl|end of (file|report))\b.*",
    re.IGNORECASE,
)
_BARE_TOTAL = re.compile(
    r"\W*(grand\s+)?(totals?|gesamt(summe)?|summe|insgesamt|totaux|somme|totale|suma|totaal)\W*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+(]?[\d.,'\s]*\d[\d.,'\s]*[-)%]?")
_DOS = re.compile(rb"[A-Za-z][\x80-\x9a\xa0-\xa5\xe1][a-z]")
"""Letters of Europe as DOS wrote them, inside words."""
_LATIN = re.compile(rb"[A-Za-z][\xc0-\xd6\xd8-\xf6\xf8-\xff][a-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """How the text of a file is laid out."""

    encoding: str
    delimiter: str
    line: int
    """Of the column names, from 1."""
    width: int
    names: tuple[str, ...]
    cut: int
    """Byte at which the rows end."""
    below: tuple[str, ...]
    """Text of the lines that are left out at the end."""
    asks: tuple[dict[str, Any], ...] = ()


def look(task: Task, file: int, kind: str, told: dict[str, Any]) -> dict[str, Any]:
    """Stage the rows of an open file of any making, and say what stands in it."""
    reading = Reading(**told)
    made = {".csv": _csv, ".xlsx": _xlsx, ".parquet": _parquet}[kind](task, file, reading)
    columns, count, sample = seen(task, made["header"], made.pop("stored", ()))
    return {**made, "columns": columns, "count": count, "sample": sample}


def lines_of(file: int, rows: Sequence[int], told: dict[str, Any]) -> list[int]:
    """Line numbers of rows of a CSV of others, counted from 0 and in rising order."""
    reading = Reading(**told)
    text = io.TextIOWrapper(_binary(file), encoding=_codec(reading.encoding), newline="")
    for _ in range(reading.header - 1):
        text.readline()
    found: list[int] = []
    chosen = iter(rows)
    next_row = next(chosen, None)
    records = csv_file.records(text, reading.delimiter)
    for row, (line, _, _) in enumerate(records, -1):
        if next_row is None:
            break
        if row == next_row:
            found.append(line + reading.header - 1)
            next_row = next(chosen, None)
    return found


def _names(task: Task, names: Sequence[str]) -> list[str]:
    """Column names that are not too many, each once."""
    if len(names) > task.limits.columns:
        most = f"at most {task.limits.columns:,} columns"
        raise bad(task.label, f"{len(names):,} columns", most, line=1)
    return unique(names)


def unique(names: Sequence[str]) -> list[str]:
    """Column names, each once and none blank."""
    found: list[str] = []
    for position, name in enumerate(names, 1):
        base = shown(" ".join(name.split()), 200) or f"column {position}"
        named, number = base, 2
        while named in found:
            named, number = f"{base} ({number})", number + 1
        found.append(named)
    return found


# CSV ----------------------------------------------------------------------------------------


def _csv(task: Task, file: int, reading: Reading) -> dict[str, Any]:
    clean = task.target.with_suffix(".text")
    found = _laid_out(task, file, reading)
    try:
        lines = _write_clean(task, file, found, clean)
    except UnicodeDecodeError:  # its beginning was UTF-8, and the rest is not
        if reading.encoding:
            raise bad(
                task.label, f"text that is not {ENCODINGS[reading.encoding]}", "its encoding"
            ) from None
        found = _laid_out(task, file, replace(reading, encoding="cp1252"))
        lines = _write_clean(task, file, found, clean)
    header = _names(task, found.names)
    read = {
        "header": header,
        "reading": {
            "encoding": found.encoding, "delimiter": found.delimiter, "header": found.line,
            "sheet": "", "totals": reading.totals,
        },
        "asks": list(found.asks),
        "sheets": [],
        "left_out": [
            *_above(file, found),
            *((lines + number, text) for number, text in enumerate(found.below, 1)),
        ],
    }  # fmt: skip
    opened = os.open(clean, os.O_RDONLY)
    try:
        rows = csv_file.rows_of(opened, len(header), found.delimiter)
        engine.copy(task, rows, len(header), numbered=False)
        return {**_answer(header), **read}
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return {**_walked(task, opened, header, found), **read}
    finally:
        os.close(opened)
        clean.unlink()


def _answer(header: Sequence[str]) -> dict[str, Any]:
    return {"header": list(header), "types": ["VARCHAR"] * len(header), "has_lines": False}


def _walked(task: Task, file: int, header: list[str], found: _Found) -> dict[str, Any]:
    """Row by row: short rows end in blanks, longer ones are refused."""
    broken = Broken(task)
    expected = f"{len(header)} values, as the header has"
    with csv_file.text(file) as text, Rows(task, len(header)) as rows:
        records = csv_file.records(text, found.delimiter)
        next(records)
        for line, values, wrong in records:
            if not wrong and len(values) == len(header):
                rows.add(line + found.line - 1, values)
            elif any(value.strip() for value in values) or wrong:
                words = wrong or f"{len(values)} values"
                broken.add(line + found.line - 1, values, words, expected)
    return walked(header, broken)


def _laid_out(task: Task, file: int, reading: Reading) -> _Found:
    with _binary(file) as opened:
        head = opened.read(HEAD)
        size = opened.seek(0, os.SEEK_END)
    asks: list[dict[str, Any]] = []
    encoding = reading.encoding or _encoding(head, asks)
    text = head.decode(_codec(encoding), "replace").lstrip("\ufeff")
    lines = text.splitlines(keepends=True)
    if size > len(head):
        lines = lines[:-1]  # it is cut
    delimiter = reading.delimiter or _delimiter(lines, asks)
    records = list(_records(lines, delimiter))
    widths = Counter(len(values) for _, values in records if len(values) > 1)
    if not widths:
        raise bad(
            task.label,
            "no columns: one value in each line",
            "columns between commas, semicolons or tabs",
            line=1,
        )
    width = widths.most_common(1)[0][0]
    start = reading.header or _header(task, records, width)
    line, names = next(((n, v) for n, v in records if n >= start), (start, []))
    if not any(names):
        raise bad(task.label, "no column names", "a line with column names", line=start)
    cut, below = _footers(file, size, encoding, delimiter, len(names))
    if not reading.totals:
        cut, below = size, ()
    return _Found(
        encoding=encoding, delimiter=delimiter, line=line, width=len(names),
        names=tuple(names), cut=cut, below=below, asks=tuple(asks),
    )  # fmt: skip


def _encoding(head: bytes, asks: list[dict[str, Any]]) -> str:
    """The encoding of a text by its beginning; a doubt is asked."""
    if head.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if head.startswith(b"\xfe\xff"):
        return "utf-16-be"
    even, odd = head[0:4000:2].count(0), head[1:4000:2].count(0)
    half = max(len(head[:4000]) // 2, 1)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    dos, latin = _DOS.findall(head), _LATIN.findall(head)
    if dos and len(dos) >= len(latin):
        examples = {name: dos[0].decode(name, "replace") for name in ("cp1252", "cp850")}
        asks.append(_ask("encoding", "Letters beyond A to Z", examples))
    return "cp1252"


def _ask(key: str, about: str, choices: dict[str, str]) -> dict[str, Any]:
    return {"key": key, "about": about, "choices": choices}


def _codec(encoding: str) -> str:
    return {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def _delimiter(lines: Sequence[str], asks: list[dict[str, Any]]) -> str:
    """The sign between columns: by it most lines fall into as many parts."""
    scores: dict[str, tuple[float, int]] = {}
    for sign in DELIMITERS:
        widths = [len(values) for _, values in _records(lines, sign)][-FIRST_LINES:]
        common = Counter(w for w in widths if w > 1).most_common(1)
        if common:
            width, count = common[0]
            scores[sign] = (count / len(widths), width)
    if not scores:
        return ","
    ranked = sorted(scores, key=lambda s: scores[s], reverse=True)
    best = ranked[0]
    rivals = [s for s in ranked[1:] if scores[s][0] >= 0.98 * scores[best][0]]
    # A line of column names holds the sign between them as often as its rows do: of two
    # signs, the one that parts an earlier line parts the names too.
    begins = {sign: _names_line(lines, sign, scores[sign][1]) for sign in (best, *rivals)}
    first = min(begins.values())
    named = [sign for sign, line in begins.items() if line == first]
    if len(named) > 1:
        examples = {sign: f"{scores[sign][1]} columns" for sign in named}
        asks.append(_ask("delimiter", "The sign between columns", examples))
    return named[0]


def _names_line(lines: Sequence[str], sign: str, width: int) -> int:
    """The first line that a sign parts into that many columns, most of them filled."""
    for line, values in _records(lines, sign):
        filled = [value for value in values if value.strip()]
        if len(values) == width and len(filled) > width // 2:
            return line
    return len(lines) + 1


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line and values of the first records that are not blank."""
    csv.field_size_limit(LIMITS.value)
    reader = csv.reader(iter(lines[: 2 * FIRST_LINES]), delimiter=delimiter)
    line = 1
    try:
        for values in reader:
            if any(value.strip() for value in values):
                yield line, values
            line = reader.line_num + 1
    except csv.Error:
        return


def _header(task: Task, records: Sequence[tuple[int, list[str]]], width: int) -> int:
    """The line of the column names: the first that is as wide as the rows and filled."""
    wide = [(line, values) for line, values in records if len(values) == width]
    for place, (line, values) in enumerate(wide[:50]):
        texts = [value for value in values if value.strip()]
        if len(texts) <= width // 2:
            continue  # a title, with blanks behind it
        if place + 1 < len(wide) and _is_row(values, wide[place + 1][1]):
            found = ", ".join(shown(text, 20) for text in texts[:6])
            raise bad(
                task.label, f"no column names ({found})", "a line with column names", line=line
            )
        return line
    return wide[0][0]


def _is_row(values: Sequence[str], following: Sequence[str]) -> bool:
    """Whether a line holds what the next one holds: then it is no line of names."""
    numbers = [_NUMBER.fullmatch(v.strip()) is not None for v in values]
    after = [_NUMBER.fullmatch(v.strip()) is not None for v in following]
    dates = [_is_date(v) for v in values]
    both = sum(n and a for n, a in zip(numbers, after, strict=False))
    return (both > 0 and not any(dates)) or (
        any(dates) and [_is_date(v) for v in following] == dates
    )


def _is_date(text: str) -> bool:
    text = text.strip()[:10]
    return any(day_of(text, form) for form in DATES if form not in ("serial", "week"))


def is_footer(values: Sequence[str], width: int) -> bool:
    """Whether what stands below the rows is no row: blank, a total, or a remark."""
    texts = [value for value in values if value.strip()]
    if not texts:
        return True
    if _BARE_TOTAL.fullmatch(texts[0]):
        return True
    if any(_TOTAL.fullmatch(text) for text in texts[:2]):
        return len(texts) < width
    return len(values) < width and len(texts) == 1 and width > 2


def _footers(
    file: int, size: int, encoding: str, delimiter: str, width: int
) -> tuple[int, tuple[str, ...]]:
    """The byte at which the rows end, and the lines behind it."""
    with _binary(file) as opened:
        begin = max(size - TAIL, 0)
        begin += begin % 2  # UTF-16 has two bytes a letter
        opened.seek(begin)
        tail = opened.read().decode(_codec(encoding), "replace")
    lines = tail.splitlines(keepends=True)
    if begin:
        lines = lines[1:]
    below: list[str] = []
    while lines[1:] and len(below) < MOST_FOOTERS:
        values = next(csv.reader([lines[-1]], delimiter=delimiter), [])
        if not is_footer(values, width):
            break
        below.insert(0, lines.pop())
    behind = sum(len(line.encode(encoding, "replace")) for line in below)
    texts = tuple(shown(line.strip(), 100) for line in below)
    return size - behind, texts


def _above(file: int, found: _Found) -> list[tuple[int, str]]:
    with _binary(file) as opened:
        text = opened.read(HEAD).decode(_codec(found.encoding), "replace")
    lines = text.splitlines()[: found.line - 1]
    return [
        (n, shown(line, 100))
        for n, line in enumerate(lines, 1)
        if line.strip(found.delimiter + " ")
    ]


def _write_clean(task: Task, file: int, found: _Found, target: Path) -> int:
    """Write the rows and their header as UTF-8; the number of the last line of them."""
    decoder = codecs.getincrementaldecoder(_codec(found.encoding))()
    skip, done, lines = found.line - 1, 0, found.line - 1
    with _binary(file) as opened, target.open("wb") as out:
        while block := opened.read(min(BLOCK, found.cut - done)):
            done += len(block)
            text = decoder.decode(block, final=done >= found.cut)
            if done == len(block):
                text = text.removeprefix("\ufeff")
            while skip and "\n" in text:
                text = text.split("\n", 1)[1]
                skip -= 1
            if skip:
                continue
            if "\0" in text:
                raise bad(task.label, "a NUL character", "text")
            lines += text.count("\n")
            out.write(text.encode())
    return lines


def _binary(file: int) -> Any:
    opened = os.fdopen(os.dup(file), "rb")
    opened.seek(0)
    return opened


# XLSX and Parquet ---------------------------------------------------------------------------


def _xlsx(task: Task, file: int, reading: Reading) -> dict[str, Any]:
    book = xlsx_file.Workbook(file, task.label, task.limits)
    filled = {
        name: next(iter(book.rows(name, most_cells=task.limits.cells)), None) is not None
        for name in book.sheets[:100]
    }
    sheets = [name for name, is_filled in filled.items() if is_filled]
    if not sheets:
        raise bad(task.label, "an empty workbook", "a sheet with rows")
    sheet = reading.sheet or sheets[0]
    if sheet not in sheets:
        some = ", ".join(shown(name, 31) for name in sheets[:10])
        raise bad(task.label, f"sheets {some}", f"a sheet '{shown(sheet, 31)}' with rows")
    asks = []
    if not reading.sheet and len(sheets) > 1:
        asks.append(_ask("sheet", "The sheet with the rows", {name: name for name in sheets}))
    rows = book.rows(sheet, most_cells=task.limits.cells)
    first = [row for row, _ in zip(rows, range(50), strict=False)]
    records = [(row.number, row.texts()) for row in first]
    width = Counter(len(v) for _, v in records if len(v) > 1).most_common(1)
    line = reading.header or _header(task, records, width[0][0] if width else 1)
    above = [(n, shown(" ".join(v), 100)) for n, v in records if n < line]
    header = _names(task, next((v for n, v in records if n >= line), []))
    following = [row for row in first if row.number > line]
    staged = _stage_sheet(task, header, (*following,), rows, totals=reading.totals)
    return {
        **staged,
        "reading": {
            "encoding": "", "delimiter": "", "header": line, "sheet": sheet,
            "totals": reading.totals,
        },
        "asks": asks,
        "sheets": sheets,
        "left_out": above + staged["left_out"],
    }  # fmt: skip


def _stage_sheet(
    task: Task,
    header: list[str],
    first: Sequence[xlsx_file.Row],
    rest: Iterator[xlsx_file.Row],
    *,
    totals: bool,
) -> dict[str, Any]:
    broken, width = Broken(task), len(header)
    kept: list[xlsx_file.Row] = []
    stored = [True] * width
    with Rows(task, width) as target:

        def write(row: xlsx_file.Row) -> None:
            values = row.texts()
            if row.unstored:
                found = f"a formula without a stored value in {row.unstored}"
                broken.add(row.number, values, found, "a value (open the file and save it)")
                return
            for place, value in enumerate(row.values()[:width]):
                stored[place] &= isinstance(value, float) or value == ""
            target.add(row.number, values[:width])

        for rows in (first, rest):
            for row in rows:
                kept.append(row)
                if len(kept) > MOST_FOOTERS:
                    write(kept.pop(0))
        below: list[tuple[int, str]] = []
        while totals and kept and is_footer(_padded(kept[-1].texts(), width), width):
            row = kept.pop()
            below.insert(0, (row.number, shown(" ".join(row.texts()), 100)))
        for row in kept:
            write(row)
    return {
        **walked(header, broken), "left_out": below,
        "stored": [n for n, is_number in enumerate(stored) if is_number],
    }  # fmt: skip


def _padded(values: list[str], width: int) -> list[str]:
    return values + [""] * (width - len(values))


def _parquet(task: Task, file: int, _: Reading) -> dict[str, Any]:
    made = parquet_file.stage(task, file)
    kinds = made["types"]
    return {
        **made, "asks": [], "sheets": [], "left_out": [],
        "reading": {"encoding": "", "delimiter": "", "header": 1, "sheet": "", "totals": False},
        "stored": [n for n, kind in enumerate(kinds) if kind not in ("VARCHAR", "DATE")],
    }  # fmt: skip

"""CSV into rows.

A well-formed file goes through DuckDB's parallel reader. Where it is not well formed,
Python's csv module walks it line by line, which is slow and can say exactly what is wrong
where; it also turns row numbers into line numbers when a value has to be reported.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import duckdb

from data.limits import LIMITS, Limits
from data.parser import engine
from data.parser.staged import Broken, Rows, Task, bad, checked_header, walked
from data.quoting import Sql, identifier, listed, literal, sql

AS_UTF8 = "UTF-8 text (save the file as 'CSV UTF-8')"
_WRONG = {
    "unexpected end of data": "a quote that never closes",
    "expected after": "text after a closing quote",
    "field larger": "a value that is too long",
}


def stage(task: Task, file: int) -> dict[str, Any]:
    """Write the rows of an open file to the target; what they are."""
    check_encoding(file, task.label)
    with text(file) as lines:
        line, first, _ = next(records(lines), (1, [], ""))
    header = checked_header(task, first)
    if line == 1:  # blank lines before a header are for the one who walks
        try:
            engine.copy(task, rows_of(file, len(header)), len(header))
        except duckdb.Error:
            return _walk(task, file, header)
        types = ["VARCHAR"] * len(header)
        return {"header": header, "types": types, "has_lines": False}
    return _walk(task, file, header)


def lines_of(file: int, rows: Sequence[int]) -> list[int]:
    """Line numbers of rows, counted from 0 and in rising order."""
    found: list[int] = []
    chosen = iter(rows)
    next_row = next(chosen, None)
    with text(file) as lines:
        for row, (line, _, _) in enumerate(records(lines), -1):
            if next_row is None:
                break
            if row == next_row:
                found.append(line)
                next_row = next(chosen, None)
    return found


def rows_with(
    file: int, label: str, column: str, limits: Limits
) -> list[tuple[int, list[str]]]:
    """Every record of a small file with its line, its header first.

    Parameters
    ----------
    column : str
        One of the header's names: the sign between columns is the one that sets it apart.
    """
    check_encoding(file, label)
    with text(file) as lines:
        first = lines.readline(limits.value)
    signs = (s for s in ",;\t" if column in (n.strip(' "\r\n') for n in first.split(s)))
    found: list[tuple[int, list[str]]] = []
    cells = 0
    with text(file) as lines:
        for line, values, wrong in records(lines, next(signs, ",")):
            if wrong:
                raise bad(label, wrong, "a row as a program writes it", line=line)
            cells += len(values)
            if cells > limits.grid_cells:
                raise bad(
                    label, f"more than {limits.grid_cells:,} cells", "fewer: split the file",
                    line=line,
                )  # fmt: skip
            found.append((line, values))
    return found


def rows_of(file: int, width: int, delimiter: str = ",") -> Sql:
    """The rows of an open file of UTF-8 text as texts c0, c1, ...; strict."""
    names = [f"c{i}" for i in range(width)]
    columns = [sql("{name}: 'VARCHAR'", name=literal(name)) for name in names]
    return sql(
        "select {names} from read_csv({path}, header = true, delim = {delimiter}, "
        "quote = '\"', escape = '\"', auto_detect = false, strict_mode = true, "
        "compression = 'none', columns = {{{columns}}})",
        names=listed(map(identifier, names)),
        path=engine.path_of(file),
        delimiter=literal(delimiter),
        columns=listed(columns),
    )


def _walk(task: Task, file: int, header: list[str]) -> dict[str, Any]:
    """Read line by line, keep the rows that have the header's shape, note the others."""
    broken = Broken(task)
    expected = f"{len(header)} values, as the header has"
    with text(file) as lines, Rows(task, len(header)) as rows:
        found = records(lines)
        next(found)
        for line, values, wrong in found:
            if not wrong and len(values) == len(header):
                rows.add(line, values)
            else:
                broken.add(line, values, wrong or f"{len(values)} values", expected)
    return walked(header, broken)


def records(text: io.TextIOBase, delimiter: str = ",") -> Iterator[tuple[int, list[str], str]]:
    """Line number and values of every record that is not blank; or what is wrong with it."""
    csv.field_size_limit(LIMITS.value)
    reader = csv.reader(text, strict=True, delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            found = (words for part, words in _WRONG.items() if part in str(error))
            yield line, [], next(found, str(error))
            continue
        if values:
            yield line, values, ""


def _binary(file: int) -> BinaryIO:
    opened = os.fdopen(os.dup(file), "rb")
    opened.seek(0)
    return opened


def text(file: int) -> io.TextIOWrapper:
    """An open file of UTF-8, from its beginning."""
    return io.TextIOWrapper(_binary(file), encoding="utf-8-sig", newline="")


def check_encoding(file: int, label: str) -> None:
    """Refuse what is not UTF-8, by the line of the first byte that is not."""
    line = 1
    with _binary(file) as opened:
        if opened.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise bad(label, "UTF-16 text", AS_UTF8, line=1)
        opened.seek(0)
        rest = b""
        while block := opened.read(1 << 24):
            block = rest + block
            try:
                block.decode("utf-8")
                rest = b""
            except UnicodeDecodeError as error:
                if error.start < len(block) - 4:
                    line += block.count(b"\n", 0, error.start)
                    found = f"the byte 0x{block[error.start]:02x}"
                    raise bad(label, found, AS_UTF8, line=line) from error
                rest = block[error.start :]
                block = block[: error.start]
            if b"\0" in block:
                line += block.count(b"\n", 0, block.index(b"\0"))
                raise bad(label, "a NUL byte", AS_UTF8, line=line)
            line += block.count(b"\n")
        if rest:
            raise bad(label, f"the byte 0x{rest[0]:02x}", AS_UTF8, line=line)

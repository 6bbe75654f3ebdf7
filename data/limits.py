"""How much of a file from outside is read, and what reading it may cost.

docs/files.md states these to people; a test keeps the two equal. Each is generous for what
a retailer really has (ten million sales rows in 1 GB of CSV) and small for a machine.
"""

from __future__ import annotations

from dataclasses import dataclass

MB = 1024**2
"""Bytes."""
GB = 1024**3
"""Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the process that reads a file may take, and what the file may hold."""

    seconds: float = 300.0
    """Of the clock, for one file (or one sheet of a workbook)."""
    memory: int = 2 * GB
    """Bytes of addresses beyond what the process has when it starts."""
    written: int = 4 * GB
    """Bytes of any one file that the process may write."""
    file: int = 4 * GB
    """Bytes of a CSV or Parquet file."""
    workbook: int = 512 * MB
    """Bytes of an XLSX file, packed."""
    unpacked: int = 2 * GB
    """Bytes of an XLSX file that come out when it is unpacked; counted, not believed."""
    members: int = 10_000
    """Parts of an XLSX archive."""
    rows: int = 50_000_000
    columns: int = 500
    cells: int = 500_000_000
    text: int = 4 * GB
    """Bytes of text in all cells of a table."""
    value: int = 1_000_000
    """Characters of one value."""
    grid_cells: int = 2_000_000
    """Cells of one sheet of a forecast workbook that comes back."""
    calendar: int = 32 * MB
    """Bytes of a calendar (ICS)."""
    events: int = 10_000
    """Events of a calendar."""
    rejects: int = 200_000
    """Refused rows of one table that are kept with their line and reason."""
    rejects_text: int = 64 * MB
    """Characters of those rows."""
    answer: int = 256 * MB
    """Bytes of what the process says of one file, its rows apart."""
    tasks: int = 500
    """Files that one process reads before a new one takes its place."""
    at_once: int = 2
    """Processes that read side by side; whoever comes next waits."""


LIMITS = Limits()


def in_words(size: int) -> str:
    """Bytes as people say them."""
    return f"{size / GB:g} GB" if size >= GB else f"{size / MB:g} MB"

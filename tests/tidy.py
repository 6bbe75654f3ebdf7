"""`python tests/tidy.py FILE ...`: what no commit should hold, one line per finding.

Blanks at the end of a line, conflict marks, a last line without its end, and files so large
that they are a database or a download. Exit 1 where something was found.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

LARGEST_BYTES = 1_000_000
MARKS = ("<<<<<<< ", ">>>>>>> ")


def findings(path: Path) -> Iterator[str]:
    """What is wrong with a file, each with its line."""
    content = path.read_bytes()
    if len(content) > LARGEST_BYTES:
        yield f"{path}: {len(content):,} bytes, at most {LARGEST_BYTES:,}"
        return
    if b"\0" in content or not content:
        return  # a picture, a workbook
    lines = content.decode("utf-8", "replace").split("\n")
    for number, line in enumerate(lines, 1):
        if line.rstrip(" \t") != line:
            yield f"{path}:{number}: blanks at the end of the line"
        if line.startswith(MARKS):
            yield f"{path}:{number}: a conflict was left open"
    if lines[-1]:
        yield f"{path}: the last line has no end"


def main(names: list[str]) -> int:
    """Print every finding; 1 if there was one."""
    found = [line for name in names for line in findings(Path(name))]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

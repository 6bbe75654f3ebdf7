"""The `concord` command of an installed Concord: the same as `python -m forecasting`.

An installed Concord keeps its source in a folder of its own, `concord/house`, laid out as in
the repository: names such as `app`, `data` and `pages` are too common to be claimed from every
other package (docs/decisions/0019-a-package-with-a-house.md). In a checkout there is no such
folder, and the source is beside this one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_HOUSE = _HERE / "house"
DATABASE = Path("data", "local", "concord.duckdb")
"""Where the database is, below the folder that one works in, if nothing names it."""


def main() -> None:
    """Run the command line with the words that were typed."""
    is_installed = _HOUSE.is_dir()
    if is_installed:
        # Beside the source it would go with the next upgrade.
        os.environ.setdefault("CONCORD_DB", str(Path.cwd() / DATABASE))
    sys.path.insert(0, str(_HOUSE if is_installed else _HERE.parent))
    from forecasting.__main__ import main as run

    run(prog_name="concord")

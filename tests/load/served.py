"""`python -m tests.load.served TIMES serve ...`: the app as served, its runs timed.

Writes one line for every run of a page, or of a part of one, to the file TIMES: its seconds in
the server, from the first line of the script to the last.
"""

import sys
import time
from pathlib import Path
from typing import Any

from streamlit.runtime.scriptrunner import script_runner

from forecasting.__main__ import main


def timed(times: Path) -> None:
    run = script_runner.ScriptRunner._run_script
    out = times.open("a", buffering=1)

    def and_timed(self: Any, *arguments: Any) -> None:
        started = time.perf_counter()
        try:
            run(self, *arguments)
        finally:
            print(time.perf_counter() - started, file=out)

    script_runner.ScriptRunner._run_script = and_timed  # type: ignore[method-assign]


if __name__ == "__main__":
    timed(Path(sys.argv.pop(1)))
    main()

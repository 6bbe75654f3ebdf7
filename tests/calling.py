"""The command line, called as a script calls it but in this process: what a process of its own
would prove besides costs seconds of reading modules, and is proved where that is the matter.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from forecasting.__main__ import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a verb answered: its exit code and what stood on both outputs."""

    returncode: int
    stdout: str
    stderr: str


def called(
    *words: object, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Answer:
    """Run a verb; a fault that would end the process with a traceback is raised here."""
    with chdir(cwd or os.getcwd()):
        done = CliRunner().invoke(main, [str(word) for word in words], env=env)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Answer(returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr)


def on(db: Path, *words: object, code: int = 0) -> Answer:
    """Run a verb on a database; it ends with `code`, or what it wrote says why not."""
    answer = called(*words, "--db", db)
    assert answer.returncode == code, answer.stdout + answer.stderr
    return answer

"""A night: import, refresh, replay and digests by themselves, while people edit.

`python -m tests.load.night company.duckdb` works on a copy and prints what it measured: how
long an edit takes while nothing runs and while the schedules do, that none was lost, and that
mails arrived. tests/outputs/test_night.py runs it small.
"""

import datetime as dt
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from forecasting.calendar import as_date
from forecasting.consensus.events import Kind, Scope
from forecasting.errors import ConcordError
from forecasting.governance import addresses
from forecasting.governance.schedules import Does
from forecasting.governance.wishes import Rhythm
from forecasting.outputs import post
from forecasting.outputs.clockwork import running
from forecasting.workspace import Workspace
from tests.sink import Sink, sink

PEOPLE = ("mara", "ines", "dana", "mara", "ines")
"""Five windows of three people."""
NIGHT = (Does.IMPORT, Does.REFRESH, Does.REPLAY, Does.DIGEST)


@dataclass
class Measured:
    """What a night was like."""

    quiet: list[float] = field(default_factory=list)
    """Seconds of each edit while nothing runs by itself."""
    busy: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    runs: dict[str, tuple[str, str]] = field(default_factory=dict)
    """State and words of each schedule."""
    mails: int = 0
    lost: int = 0
    seconds: float = 0.0


class Clock:
    """The real time, moved on by a day where the night is to begin."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC).replace(tzinfo=None) + self.ahead


def edit(space: Workspace, window: int, stop: threading.Event, took: list[float],
         made: list[int], refused: list[str], pause: float) -> None:  # fmt: skip
    """One window: change after change of cells that are its own, until told to stop."""
    plan, n = space.plan, 0
    week = as_date(plan.base.weeks[6])
    sold = np.flatnonzero(plan.totals["draft"][:, 6] > 0)
    names = [plan.sku_names[sku] for sku in sold[window :: len(PEOPLE)]]
    while not stop.is_set():
        scope = Scope(
            product_level="sku", product=names[n % len(names)], first_week=week, last_week=week
        )
        begun = time.perf_counter()
        try:
            event = space.override(PEOPLE[window], scope, "add", 1.0 + n, reason="TREND")
        except ConcordError as error:
            refused.append(str(error))
        else:
            took.append(time.perf_counter() - begun)
            made.append(event.seq)
        n += 1
        stop.wait(pause)


def night(database: Path, folder: Path, server: Sink, *, quiet_s: float, last: int = 26,
          pause: float = 0.1) -> Measured:  # fmt: skip
    """Have a night on a database, which is changed."""
    found, clock = Measured(), Clock()
    incoming = folder / "incoming"
    incoming.mkdir()
    channels = folder / "channels.toml"
    channels.write_text(
        f'link = "https://concord.shop.example"\n[mail]\nhost = "127.0.0.1"\n'
        f'port = {server.port}\nfrom = "concord@shop.example"\nsecurity = "none"\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(addresses.INCOMING, str(incoming))
        patch.setenv(post.SETTINGS, str(channels))
        space = Workspace(database, clock=clock)
        try:
            _night(space, clock, incoming, found, quiet_s, last, pause)
        finally:
            space.close()
    found.mails = len(server.mails)
    return found


def _night(space: Workspace, clock: Clock, incoming: Path, found: Measured, quiet_s: float,
           last: int, pause: float) -> None:  # fmt: skip
    day = space.desk.today + dt.timedelta(30)
    (incoming / "activations.csv").write_text(
        f"activation,name,type,start,end\nNIGHT,Of the night,email,{day},{day}\n"
    )
    options = {Does.IMPORT: {"folder": "."}, Does.REPLAY: {"last": str(last)}}
    for n, does in enumerate(NIGHT):
        space.schedules.save(
            "dana", does.value, does, at=f"03:{n:02}", options=options.get(does, {})
        )
    space.wishes.set("mara", Rhythm.DAILY, address="mara@shop.example", at="03:03")
    space.minutes.assign("dana", "Look at the night's figures", owner="mara",
                         due=space.desk.today)  # fmt: skip
    assert space.plan.sku_names  # built before anything is measured
    made: list[int] = []
    _edited(space, found.quiet, made, found, pause, lambda: time.sleep(quiet_s))

    def the_night() -> None:
        clock.ahead = dt.timedelta(days=1)
        begun = time.monotonic()
        with running(lambda: space, every=0.05):
            while time.monotonic() - begun < 900:
                runs = {does: space.schedules.last(does.value) for does in NIGHT}
                if all(run is not None and run.ended for run in runs.values()):
                    break
                time.sleep(0.05)
        found.seconds = time.monotonic() - begun
        for does in NIGHT:
            run = space.schedules.last(does.value)
            found.runs[does.value] = (run.state, run.told) if run else ("never", "")

    _edited(space, found.busy, made, found, pause, the_night)
    kept = {event.seq for event in space.ledger.of_kinds(Kind.OVERRIDE)}
    found.lost = len(set(made) - kept)


def _edited(space, took, made, found, pause, meanwhile) -> None:
    """Five windows edit while something else happens."""
    stop = threading.Event()
    windows = [
        threading.Thread(
            target=edit, args=(space, n, stop, took, made, found.refused, pause), daemon=True
        )
        for n in range(len(PEOPLE))
    ]
    for window in windows:
        window.start()
    try:
        meanwhile()
    finally:
        stop.set()
        for window in windows:
            window.join()


def p95(seconds: list[float]) -> float:
    return float(np.percentile(seconds, 95)) if seconds else float("nan")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sink() as server:
        folder = Path(name)
        copy = Path(shutil.copy(sys.argv[1], folder / "night.duckdb"))
        found = night(copy, folder, server, quiet_s=15.0)
    for does, (state, told) in found.runs.items():
        print(f"{does:8} {state:6} {told}")
    print(
        f"edits: {len(found.quiet)} quiet, p95 {1000 * p95(found.quiet):.0f} ms; "
        f"{len(found.busy)} in the night of {found.seconds:.0f} s, p95 "
        f"{1000 * p95(found.busy):.0f} ms; {found.lost} lost, {len(found.refused)} refused; "
        f"{found.mails} mails"
    )


if __name__ == "__main__":
    main()

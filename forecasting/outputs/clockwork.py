"""What carries schedules out while the app runs: one thread, one schedule at a time.

It asks what is due, every few seconds, and does the first of it. A run is written before its
work begins, so that one whose process died is known for what it is. Where somebody is at the
same kind of work, it waits: nothing is lost by being a little later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from forecasting import faults, operation
from forecasting.errors import ConcordError, JobRunning, Rebuilding
from forecasting.governance.jobs import Job
from forecasting.governance.schedules import Does, Schedule
from forecasting.outputs import chores, inbox, post
from forecasting.workspace import Workspace

LOG = operation.log("schedule")
TELLS_S, NOTICES_S = 60.0, 1_800.0
"""Seconds between two rounds of the post, and between two looks for new risks: those take
the plan's whole watch list, while people work."""
EVERY_S = 5.0
"""How often it looks what is due."""
ENDS_S = 10.0
"""How long whoever stops it waits for the work that is under way to be ended."""


class Clockwork:
    """Carries schedules out.

    Parameters
    ----------
    space : callable
        The workspace, as it is at that moment: it may be opened anew.
    every : float
        Seconds between two looks.
    """

    def __init__(self, space: Callable[[], Workspace], *, every: float = EVERY_S) -> None:
        self._space, self._every = space, every
        self._over = threading.Event()
        self._at: Job | None = None
        """Work of ours that is under way and can be stopped."""
        self._told = float("-inf")
        self._noticed = (-1, float("-inf"))
        """Number of the last event when risks were looked for, and when that was."""
        self._thread = threading.Thread(target=self._run, name="clockwork", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; work that is under way is stopped and told of as such."""
        self._over.set()
        if self._thread.is_alive():
            if self._at is not None:
                self._at.stop("The end of Concord")
            self._thread.join(ENDS_S)

    def look(self) -> bool:
        """Do the first of what is due; whether there was anything to do."""
        space = self._space()
        for schedule, due in space.schedules.due():
            job = _job(space, schedule)
            if job is not None and job.progress is not None:
                continue  # somebody is at the same kind of work
            run = space.schedules.begin(schedule, due)
            self._at = job
            with operation.told(
                "schedule", by=schedule.person, does=schedule.does.value
            ) as told:
                try:
                    done = chores.do(space, schedule)
                except (JobRunning, Rebuilding):  # somebody was faster: its turn comes later
                    space.schedules.put_off(run)
                    told["put_off"] = True
                    return False
                except ConcordError as error:
                    told["failed"] = type(error).__name__
                    space.schedules.end(run, failed=True, told=str(error))
                except Exception as error:
                    LOG.fault("schedule_failed", error, does=schedule.does.value)
                    words = faults.in_words(error, f"The {schedule.does.label.lower()}")
                    space.schedules.end(run, failed=True, told=f"{words} {operation.noted()}")
                else:
                    space.schedules.end(run, failed=False, told=done.told, mark=done.mark)
            return True
        return False

    def _tell(self) -> None:
        """Send what people wish to be told, once a minute at most."""
        space, now = self._space(), time.monotonic()
        if now - self._told < TELLS_S or not space.wishes.everybody:
            return
        self._told = now
        if space.seq != self._noticed[0] and now - self._noticed[1] >= NOTICES_S:
            self._noticed = (space.seq, now)
            inbox.notice(space)
        post.deliver(space)

    def _run(self) -> None:
        while not self._over.wait(self._every):
            try:
                while not self._over.is_set() and self.look():
                    pass
                self._tell()
            except ConcordError as error:  # a full disk, say: the next look may find it well
                LOG.warning("no_look", error=type(error).__name__)
            except Exception as error:
                LOG.fault("no_look", error)


@contextmanager
def running(space: Callable[[], Workspace], *, every: float = EVERY_S) -> Iterator[Clockwork]:
    """Schedules are carried out for as long as this lasts."""
    made = Clockwork(space, every=every)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def _job(space: Workspace, schedule: Schedule) -> Job | None:
    """The long work that a schedule is, if it is any."""
    if schedule.does is Does.REFRESH:
        return space.runs.refreshing
    return space.hindsight.replaying if schedule.does is Does.REPLAY else None

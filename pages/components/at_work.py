"""Whether somebody waits for a page just now: work that nobody asked for gives way to it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

QUIET_S = 0.5
"""Seconds without a run of a page after which nobody is taken to wait for one."""
LONGEST_S = 60.0
"""Work gives way no longer than this: where somebody is always at work, it would never be done."""


class AtWork:
    """The runs of pages that are under way, and when the last of them ended."""

    def __init__(self) -> None:
        self._running, self._ended = 0, -QUIET_S
        self._changed = threading.Condition()

    @contextmanager
    def run(self) -> Iterator[None]:
        """One run of a page."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._ended = time.monotonic()
                self._changed.notify_all()

    def give_way(self, longest: float = LONGEST_S) -> None:
        """Wait until nobody waits for a page, and no longer than some seconds."""
        until = time.monotonic() + longest
        with self._changed:
            while (now := time.monotonic()) < until:
                quiet_at = until if self._running else self._ended + QUIET_S
                if quiet_at <= now:
                    return
                self._changed.wait(min(quiet_at, until) - now)


PAGES = AtWork()
"""Those of this process."""

"""Long work that one person starts and everybody sees: one at a time of its kind.

Its progress is shared, it can be stopped, and why the last one failed is kept for whoever
was not looking.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from forecasting.errors import ConcordError, RefreshRunning

Tell = Callable[[str, float], None]


class Stoppable(Protocol):
    """Something that can be ended from outside."""

    def stop(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where running work is."""

    text: str
    share: float
    started: float
    """time.monotonic() at its start."""
    by: str

    def left(self, now: float | None = None) -> float | None:
        """Seconds that it will still take at this pace; None while that is a guess."""
        spent = (time.monotonic() if now is None else now) - self.started
        if self.share < 0.08 or spent < 1.0:
            return None
        return spent / self.share - spent


class Job:
    """Work of one kind.

    Parameters
    ----------
    name : str
        What it is called where somebody has to wait: "refresh", "backtest".
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.error = ""
        """Why the last one failed, '' if it did not."""
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._handle: Stoppable | None = None

    @property
    def progress(self) -> Progress | None:
        """Where it is, or None."""
        return self._progress

    @contextmanager
    def running(self, by: str, tell: Tell) -> Iterator[Tell]:
        """Hold the only place for it; tell everybody how it goes.

        Raises
        ------
        RefreshRunning
            If one is under way.
        """
        if not self._lock.acquire(blocking=False):
            raise RefreshRunning(
                f"A {self.name} is under way. Wait until it is done; its progress is shown."
            )
        started = time.monotonic()

        def told(text: str, share: float) -> None:
            self._progress = Progress(text=text, share=share, started=started, by=by)
            tell(text, share)

        self.error = ""
        try:
            yield told
        except ConcordError as error:
            self.error = str(error)
            raise
        finally:
            self._progress = None
            self._handle = None
            self._lock.release()

    def stoppable(self, handle: Stoppable) -> None:
        """Remember how the running work is stopped."""
        self._handle = handle

    def stop(self) -> bool:
        """Stop it; whether there was anything to stop."""
        handle = self._handle
        if handle is None:
            return False
        handle.stop()
        return True

    def in_background(self, work: Callable[[], object]) -> None:
        """Do the work in a thread of its own; errors are kept, not raised.

        Raises
        ------
        RefreshRunning
            If one is under way.
        """
        if self._progress is not None:
            raise RefreshRunning(
                f"A {self.name} is under way. Wait until it is done; its progress is shown."
            )

        def run() -> None:
            with suppress(ConcordError):
                work()

        threading.Thread(target=run, name=self.name, daemon=True).start()

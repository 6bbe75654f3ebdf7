"""What happens when memory and ledger may differ: memory is made anew, beside everybody.

The ledger is right by definition. Where taking an event into memory failed, nothing of what
is in memory is shown any more until all of it has been made anew from the ledger, by a
thread of its own. Whoever asks meanwhile waits a moment and is then told to come back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from forecasting import operation
from forecasting.errors import Rebuilding

LOG = operation.log("recovery")

PATIENCE_SECONDS = 4.0
"""How long after its beginning people wait for it; everybody is answered within five."""
BETWEEN_ATTEMPTS_SECONDS = 1.0
"""How soon one that failed is tried again when somebody asks."""


class Recovery:
    """Making memory anew.

    Parameters
    ----------
    remake : callable
        Makes all of it anew.
    folding : Lock
        Held while events are folded; `begin` and `again` are called with it held.
    """

    def __init__(self, remake: Callable[[], None], folding: threading.Lock) -> None:
        self._remake, self._folding = remake, folding
        self._whole = threading.Event()
        self._whole.set()
        self._thread: threading.Thread | None = None
        self._missed = False
        """Events came while it was under way: it may have read the ledger before them."""
        self._began = 0.0
        self._reason = ""

    @property
    def is_under_way(self) -> bool:
        """Whether memory is not to be trusted."""
        return not self._whole.is_set()

    def begin(self, reason: BaseException) -> None:
        """Distrust memory from now on, and make it anew in the background."""
        LOG.fault("memory_in_doubt", reason)
        self._whole.clear()
        self._start(reason)

    def again(self) -> None:
        """Say that the ledger has grown meanwhile."""
        self._missed = True

    def wait(self) -> None:
        """Return at once where memory is right, or soon after it is.

        Raises
        ------
        Rebuilding
            If it takes longer; say so and let the person try again.
        """
        if self._whole.is_set():
            return
        left = self._began + PATIENCE_SECONDS - time.monotonic()
        if self._whole.wait(max(left, 0.0)):
            return
        with self._folding:
            over = self._thread is None or not self._thread.is_alive()
            if over and time.monotonic() - self._began > BETWEEN_ATTEMPTS_SECONDS:
                self._start(None)
        raise Rebuilding(
            "The plan is being made anew from the ledger"
            + (f" ({self._reason})" if self._reason else "")
            + ". Everything that was saved is kept. Try again in a moment."
        )

    def _start(self, reason: BaseException | None) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._missed = True
            return
        self._began = time.monotonic()
        if reason is not None:
            self._reason = f"{type(reason).__name__}: {reason}"[:200]
        self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                with self._folding:
                    self._missed = False
                self._remake()
                with self._folding:
                    if not self._missed:
                        self._reason = ""
                        self._whole.set()
                        break
            LOG.info("memory_remade", seconds=time.monotonic() - self._began)
        except Exception as error:
            self._reason = f"{type(error).__name__}: {error}"[:200]
            LOG.fault("memory_not_remade", error)

"""Files of one request, which live for as long as somebody reads them.

A table may be read by several at once (its pages, a job's answer) and be let go of meanwhile
to make room. Nobody's reading is cut off by that: the folder goes with the last reader.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack


class Held:
    """What a request has opened, with how many read it.

    Parameters
    ----------
    opened : ExitStack
        Closed when the last of those who ever began to read is done.
    """

    def __init__(self, opened: ExitStack) -> None:
        self._opened = opened
        self._lock = threading.Lock()
        self._readers = 0

    def lease(self) -> ExitStack:
        """Read until this is closed; whoever takes one holds another meanwhile."""
        with self._lock:
            self._readers += 1
        lease = ExitStack()
        lease.callback(self._give_back)
        return lease

    def _give_back(self) -> None:
        with self._lock:
            self._readers -= 1
            is_last = not self._readers
        if is_last:
            self._opened.close()

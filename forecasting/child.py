"""A process that ends with the one that started it, and takes its own processes with it.

Whoever starts a child keeps the other end of its standard input. However the parent dies, the
system closes that end; a thread of the child sees it, also in the midst of a task. The child
leads a session of its own (`start_new_session=True`), so that there is a group to end.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import TextIO


class Tasks:
    """What the parent asks for, in the child: one line each, until there are no more.

    If the parent is gone while a task is being done, this process and all that it started end
    at once: nobody waits for the result.

    Parameters
    ----------
    source : text stream, optional
        Standard input if left out.
    """

    def __init__(self, source: TextIO | None = None) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._busy = threading.Event()
        watch = threading.Thread(target=self._watch, args=(source or sys.stdin,), daemon=True)
        watch.start()

    def __iter__(self) -> Iterator[str]:
        while (line := self._lines.get()) is not None:
            yield line

    def done(self) -> None:
        """Say that a task is done, before the parent is told: it may go then."""
        self._busy.clear()

    def _watch(self, source: TextIO) -> None:
        for line in source:
            self._busy.set()
            self._lines.put(line)
        if self._busy.is_set():
            end_group()
        self._lines.put(None)


def end_group() -> None:
    """End this process and what it started, at once."""
    if os.getpgrp() == os.getpid():  # else the group is a shell's, with others in it
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def end_with_parent() -> None:
    """In a process of a pool (its `initializer`): end when the one that made the pool does.

    Otherwise it would wait for ever for work from a process that was killed.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()

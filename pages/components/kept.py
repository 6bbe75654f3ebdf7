"""What was made of some values, kept by what they say: made once, however often a page runs.

`st.cache_data` does the same, and takes longer than much of what is made here: it goes through
every value one by one in Python, and hands out copies.
"""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Generic, TypeVar

import streamlit as st

from pages.components.text import plain

T = TypeVar("T")


class Kept(Generic[T]):
    """Values that were made, by the values that they were made of.

    Parameters
    ----------
    most : int
        So many are kept: those that were asked for last.
    doing : str
        Shown to who waits for one; nothing where it takes no time.
    """

    def __init__(self, most: int, *, doing: str = "") -> None:
        self._most, self._doing = most, doing
        self._known: OrderedDict[bytes, T] = OrderedDict()
        self._making: dict[bytes, threading.Lock] = {}
        self._lock = threading.Lock()

    def made(self, make: Callable[[], T], *of: Any) -> T:
        """What `make` gives: everybody's, and not to be changed.

        Parameters
        ----------
        make : callable
        *of
            All that decides what it gives; values that can be pickled.
        """
        # Two that say the same may be told apart by this, and are made twice then; two that
        # say something else are never taken for one.
        key = hashlib.blake2b(pickle.dumps(of, protocol=5), digest_size=20).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            alone = self._making.setdefault(key, threading.Lock())
        with alone:  # whoever asks for the same meanwhile waits for it; for another, goes on
            with self._lock:
                if key in self._known:
                    return self._known[key]
            try:
                with st.spinner(plain(self._doing)) if self._doing else nullcontext():
                    found = make()
                self._keep(key, found)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return found

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()

    def _keep(self, key: bytes, found: T) -> None:
        with self._lock:
            self._known[key] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)

"""Totals of a plan by SKU and week, layer by layer, kept while its SKUs come and go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from forecasting.hierarchy import Ints
from forecasting.vocabulary import INPUTS

LAYERS = ("baseline", "statistical", "proposed", "draft", *INPUTS)


class Totals(Mapping[str, Ints]):
    """Thousandths of a unit by SKU and week over all doors, (S, W), of each layer.

    Written under the plan's lock. What is read is a copy that never changes, the same one
    until something was worked out anew (`turn`).
    """

    def __init__(self, n_skus: int, n_weeks: int) -> None:
        self._units: dict[str, Ints] = {
            name: np.zeros((n_skus, n_weeks), np.int64) for name in LAYERS
        }
        """Changed in place, and never handed out."""
        self._shown: dict[str, tuple[int, Ints]] = {}
        """By layer, what readers were given, and how often it had changed by then."""
        self._turns = 0
        self._digest: list[bytes] = [b""] * n_skus
        """Of each SKU's draft, door by door and week by week."""

    def __getitem__(self, layer: str) -> Ints:
        shown = self._shown.get(layer)
        if shown is None or shown[0] != self._turns:
            units = self._units[layer].copy()
            units.flags.writeable = False
            self._shown[layer] = shown = (self._turns, units)
        return shown[1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)

    def put(self, sku: int, layers: Mapping[str, Ints]) -> None:
        """Enter a SKU: thousandths by layer, (D, W) each; its draft makes its digest."""
        for name, units in layers.items():
            self._units[name][sku] = units.sum(axis=0)
        block = np.ascontiguousarray(layers["draft"]).tobytes()
        self._digest[sku] = hashlib.blake2b(block, digest_size=16).digest()

    def turn(self) -> None:
        """Let readers see what was entered."""
        self._turns += 1

    def is_shown(self, layer: str) -> bool:
        """Whether reading a layer needs no copy."""
        shown = self._shown.get(layer)
        return shown is not None and shown[0] == self._turns

    def digest(self, about: str, skus: Iterable[tuple[str, int]]) -> str:
        """Digest of the drafts of some SKUs, by name, and of what they are about.

        Two have the same only where every SKU, door and week holds the same.
        """
        mixed = hashlib.blake2b(digest_size=16)
        mixed.update(about.encode())
        for name, sku in skus:
            mixed.update(name.encode() + b"\x1f" + self._digest[sku])
        return mixed.hexdigest()

"""Classes of a budget that no SKU has: named before they are imported, with the one meant.

Such rows count nowhere, and the class that is meant has no budget: a slip of the pen that
would else be found only by a figure that is missing. They are no error: a budget may be
there before the SKUs of a new class are.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection

from data import files
from data.files import Judged
from data.store import Store
from forecasting import write

_ALIKE = 0.6
"""How alike two names are, 0 to 1, from which one may be meant by the other."""


def meant_by(name: str, known: Collection[str]) -> str | None:
    """The class that somebody may have meant; None where none is nearly called so."""
    known_as = {one.strip().casefold(): one for one in sorted(known, reverse=True)}
    close = difflib.get_close_matches(
        name.strip().casefold(), list(known_as), n=1, cutoff=_ALIKE
    )
    return known_as[close[0]] if close else None


def remarks(store: Store, judged: Judged) -> tuple[str, ...]:
    """A sentence for each class of a staged budget that no SKU has, most rows first.

    Within the block that judges the files.
    """
    accepted = {verdict.table for verdict in judged.verdicts if verdict.accepted}
    if "budget" not in accepted:
        return ()
    known = set(store.table("skus")["class"].dropna())
    if "skus" in accepted:
        known |= set(files.staged(store, "skus")["class"].dropna())
    counts = files.staged(store, "budget")["class"].dropna().value_counts()
    return tuple(
        _sentence(str(name), int(count), meant_by(str(name), known))
        for name, count in counts.items()
        if name not in known
    )


def _sentence(name: str, count: int, meant: str | None) -> str:
    asked = f"Did you mean {meant}?" if meant else "No class is nearly called so."
    rows = f"{write.number(count)} {'row' if count == 1 else 'rows'}"
    return f"Budget of {name} ({rows}): no SKU has that class, so it counts nowhere. {asked}"

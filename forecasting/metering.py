"""What a monitor may ask of a running Concord, counted where it happens.

In Prometheus' form, by its own library (docs/decisions/0031-signing-in.md). Nothing here
names a person, a SKU or a file.
"""

from __future__ import annotations

from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST

_STEPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the finest where an edit usually ends, the coarsest where somebody has left."""

EDITS = Histogram(
    "concord_edit_seconds", "From an edit's arrival until it is durable and in the plan",
    buckets=_STEPS,
)  # fmt: skip
REFUSALS = Counter("concord_refusals", "Verbs that were refused, by kind of refusal", ["kind"])
FAULTS = Counter("concord_faults", "Verbs that failed by a fault of the program or the machine")


def page() -> bytes:
    """Everything that was counted, as text."""
    return bytes(generate_latest(REGISTRY))

"""What people decide, as immutable events.

An event is the unit of truth: current state, undo, audit, conflict detection and the
state at any past moment all follow from the ledger of events. Leaf deltas say exactly
what an event did to demand, in thousandths of a unit; summing them up to a sequence
number gives every input at that moment.

What each kind of event says besides is its body: one frozen type a kind, with its own
sentence, its own reading and writing. `reading` lists them, by kind and version. A new kind
is a name in `body.Kind`, a body in the module of its subject, and a line in `reading`.
"""

from forecasting.consensus.events.body import AGREED, Body, Kind
from forecasting.consensus.events.event import Conflict, Event
from forecasting.consensus.events.scope import TOTAL, Leaves, Scope

__all__ = ["AGREED", "TOTAL", "Body", "Conflict", "Event", "Kind", "Leaves", "Scope"]

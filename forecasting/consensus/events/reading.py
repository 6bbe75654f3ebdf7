"""Bodies out of the ledger and into it: every kind, in every version that was ever written.

What cannot be read is refused by name. It was written by a newer Concord; to go on without it
would show a plan that is not the one that people made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from forecasting import write
from forecasting.consensus.events.body import Body, Kind, Stored
from forecasting.consensus.events.calendar import ActivationSaved, LiftSet
from forecasting.consensus.events.cycle import (
    Agreed,
    ConsensusPublished,
    RunAdopted,
    Signed,
    read_step,
)
from forecasting.consensus.events.decisions import BY_KIND, Closed, OrderReleased
from forecasting.consensus.events.governance import (
    ConventionsSet,
    GroupSet,
    PersonSet,
    QuarterClosed,
    ReadingSet,
    ReasonSaved,
    SettingChanged,
)
from forecasting.consensus.events.inputs import (
    Commented,
    Held,
    MeetingDecided,
    Overridden,
    Released,
    Resolved,
    Sensed,
    Submitted,
)
from forecasting.consensus.events.minutes import Assigned, Assumed
from forecasting.consensus.events.orders import OrdersApproved, OrdersWithdrawn
from forecasting.consensus.events.proposals import Answered, read_proposed
from forecasting.consensus.events.record import (
    Imported,
    ImportRolledBack,
    RunMade,
    SourceSaved,
    read_odd,
)
from forecasting.consensus.events.tokens import TokenSet
from forecasting.consensus.events.undoing import Undone
from forecasting.consensus.events.views import ViewSaved
from forecasting.consensus.events.word import FeedSaved, ScheduleSaved
from forecasting.errors import NotOurs, OutOfBounds

Reader = Callable[[Stored], Body]
VERSION = "version"
"""Key under which a body says its version; the first version does not say it."""

READERS: Mapping[str, Mapping[int, Reader]] = {
    Kind.OVERRIDE: {1: Overridden.read},
    Kind.HOLD: {1: Held.read},
    Kind.RELEASE: {1: Released.read},
    Kind.COMMENT: {1: Commented.read},
    Kind.ACTIVATION: {1: ActivationSaved.read},
    Kind.LIFT: {1: LiftSet.read},
    Kind.UNDO: {1: Undone.read},
    Kind.IMPORT: {1: Imported.read},
    Kind.ROLLBACK: {1: ImportRolledBack.read},
    Kind.RUN: {1: RunMade.read},
    Kind.PERSON: {1: PersonSet.read},
    Kind.GROUP: {1: GroupSet.read},
    Kind.SETTING: {1: SettingChanged.read},
    Kind.CYCLE: {1: read_step},
    Kind.SUBMIT: {1: Submitted.read},
    Kind.AGREE: {1: Agreed.read},
    Kind.SIGN: {1: Signed.read},
    Kind.ADOPT: {1: RunAdopted.read},
    Kind.RESOLVE: {1: Resolved.read},
    Kind.PUBLISH: {1: ConsensusPublished.read},
    Kind.ASSUMPTION: {1: Assumed.read},
    Kind.ACTION: {1: Assigned.read},
    Kind.DECISION: {1: MeetingDecided.read},
    **{kind: {1: made.read} for kind, made in BY_KIND.items()},
    Kind.CLOSE: {1: Closed.read},
    Kind.ORDERED: {1: OrderReleased.read},
    Kind.APPROVE: {1: OrdersApproved.read},
    Kind.WITHDRAW: {1: OrdersWithdrawn.read},
    Kind.SENSE: {1: Sensed.read},
    Kind.QUARTER: {1: QuarterClosed.read},
    Kind.CONVENTIONS: {1: ConventionsSet.read},
    Kind.REASON: {1: ReasonSaved.read},
    Kind.ACCEPT_ODD: {1: read_odd},
    Kind.SOURCE: {1: SourceSaved.read},
    Kind.PROPOSE: {1: read_proposed},
    Kind.ANSWER: {1: Answered.read},
    Kind.VIEW: {1: ViewSaved.read},
    Kind.TOKEN: {1: TokenSet.read},
    Kind.SCHEDULE: {1: ScheduleSaved.read},
    Kind.FEED: {1: FeedSaved.read},
    Kind.READING: {1: ReadingSet.read},
}
"""Kind to version to what reads it."""


def read_body(kind: str, text: str, *, seq: int) -> Body:
    """The body of one event, as the ledger has it.

    Parameters
    ----------
    kind : str
        As stored.
    text : str
        JSON.
    seq : int
        Number of the event, to name it by.

    Raises
    ------
    NotOurs
        If the kind or its version is not known, or the body lacks something.
    """
    stored = json.loads(text)
    version = stored.pop(VERSION, 1)
    known = READERS.get(kind, {})  # a Kind is found by its text
    reader = known.get(version)
    if reader is None:
        what = f"version {version} of the kind '{kind}'" if known else f"the kind '{kind}'"
        raise NotOurs(
            f"Event #{write.number(seq)} is of {what}, which this version of Concord does "
            "not know. A "
            "newer one wrote it: open the database with that one."
        )
    try:
        return reader(stored)
    except (KeyError, TypeError, ValueError, OutOfBounds) as error:
        raise NotOurs(
            f"Event #{write.number(seq)} of the kind '{kind}' does not hold what it should "
            f"({error!r}). "
            "Nothing was changed; restore the last backup if this goes on."
        ) from error


def write_body(body: Body) -> str:
    """A body as the ledger keeps it: JSON in the newest version of its kind."""
    version = {} if body.version == 1 else {VERSION: body.version}
    return json.dumps({**version, **body.write()}, default=str)

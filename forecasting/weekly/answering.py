"""How a proposal is answered, whatever it proposes: checked, looked at, and one event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from forecasting.arguments import verbs
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.body import Answering
from forecasting.consensus.events.orders import OrdersApproved
from forecasting.consensus.events.proposals import Answered
from forecasting.errors import OutOfBounds, Refused
from forecasting.governance.desk import Request, checked_note
from forecasting.rights import Person
from forecasting.weekly.decisions import touched_by
from forecasting.weekly.ground import Ground
from forecasting.weekly.option import Option
from forecasting.weekly.order_terms import OrderLine
from forecasting.weekly.proposed import Proposal, ProposalList


@verbs
class Answers(ProposalList):
    """What every answer to a proposal goes through."""

    def _to_answer(self, by: str, seq: int, note: str) -> tuple[Person, Proposal, str]:
        """Who answers, what, and why."""
        found = self.one(seq)
        actor, words = self._desk.allowed(by, found.body.right), checked_note(note)
        if not words:
            raise OutOfBounds("Say why: whoever proposed it reads the reason.")
        return actor, found, words

    def _made(self, actor: Person, seq: int, client_id: str | None) -> Event | None:
        """The decision that a request sent again has made; None where it is the first."""
        before = self._desk.ledger.made_under([client_id] if client_id else [])
        if before:
            request = Request.of(client_id, actor, before[0].kind, lambda e: _answers(e, seq))
            return request.check(before[0])
        self._still_open(seq)
        return None

    def _looked(self, by: str, found: Proposal, seen: str) -> Ground:
        """What a proposal stands on now, if the person has seen what changed of it."""
        looked = self.look(by, found.seq)
        if looked.mark and seen != looked.mark:
            raise Refused(
                f"Since it was proposed: {' '.join(looked.changes)} Look at it again, then "
                f"answer it knowing that (seen: {looked.mark})."
            )
        return looked

    def _answering(self, found: Proposal, *, changed: bool) -> Answering:
        name = self._desk.person(found.person).name
        return Answering(proposal=found.seq, by=name, changed=changed)

    def _decide(
        self,
        actor: Person,
        looked: Ground,
        option: Option,
        answers: Answering,
        words: str,
        by_whom: tuple[str | None, dt.date | None],
        client_id: str | None,
    ) -> Event:
        owner, due = by_whom
        make = self._decisions.prepared(
            actor, option, owner=owner or actor.id, due=due, words=words, answers=answers
        )
        kind = Kind(option.action.value)
        request = Request.of(client_id, actor, kind, lambda e: e.body.answering == answers)
        prepare = self._if_still(looked, answers.proposal, make)
        return self._desk.submit(prepare, request, touches=touched_by(option))

    def _save(
        self,
        actor: Person,
        looked: Ground,
        after: Activation,
        answers: Answering,
        words: str,
        client_id: str | None,
    ) -> Event:
        self._calendar.check(after)

        def make() -> Event:
            seen = self._desk.ledger.seq
            return self._calendar.saved(actor, after, seen=seen, words=words, answers=answers)

        kind = Kind.ACTIVATION
        request = Request.of(client_id, actor, kind, lambda e: e.body.answering == answers)
        return self._desk.submit(self._if_still(looked, answers.proposal, make), request)

    def _answered(
        self,
        actor: Person,
        found: Proposal,
        words: str,
        client_id: str | None,
        *,
        withdrawn: bool = False,
    ) -> Event:
        """Close a proposal without a decision."""
        body = Answered(
            target=found.seq, text=found.body.text, by=self._desk.person(found.person).name,
            withdrawn=withdrawn,
        )  # fmt: skip

        def prepare() -> Event:
            self._still_open(found.seq)
            return self._desk.event(actor, body, note=words, base=self._desk.ledger.seq)

        request = Request.of(client_id, actor, Kind.ANSWER, lambda e: e.body == body)
        return self._desk.submit(prepare, request)

    def _order(
        self,
        actor: Person,
        looked: Ground,
        lines: Sequence[OrderLine],
        answers: Answering,
        words: str,
        client_id: str | None,
    ) -> Event:
        # What others ordered since has been seen; what comes after the look is found by it.
        make = self._orders.prepared(
            actor, lines, since=self._desk.ledger.seq, words=words, answers=answers
        )
        request = Request.of(
            client_id, actor, Kind.APPROVE,
            lambda e: e.told(OrdersApproved).answering == answers,
        )  # fmt: skip
        prepare = self._if_still(looked, answers.proposal, make)
        return self._desk.submit(prepare, request, touches=frozenset(o.sku for o in lines))


def _answers(event: Event, seq: int) -> bool:
    answering = event.body.answering
    return answering is not None and answering.proposal == seq

"""What one function proposes, and the function that may decide it accepts or declines.

Whoever may not decide something can say what ought to be decided and what it is worth. It
waits in the list of the function that has the right. Accepted, it is that function's
decision, with a reason, and names who proposed it. What a proposal stands on may change
while it waits: that is shown (`ground`), and what was not seen is not accepted.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from forecasting.arguments import ClientId, Name, verbs
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.body import CalendarEdit
from forecasting.consensus.events.proposals import (
    OptionProposed,
    OrdersProposed,
    Proposed,
    Worth,
)
from forecasting.errors import OutOfBounds, Refused
from forecasting.governance.desk import Request, checked_note
from forecasting.rights import Person, require
from forecasting.weekly import ground, proposed_orders
from forecasting.weekly.answering import Answers
from forecasting.weekly.option import Option
from forecasting.weekly.order_terms import OrderLine, lines_of, moves_of


@verbs
class Proposals(Answers):
    """Verbs of proposals."""

    # Proposing --------------------------------------------------------------------------

    def propose(
        self, by: str, option: Option, *, note: str = "", client_id: ClientId | None = None
    ) -> Event:
        """Propose one option for a shortage to the function that may decide it.

        Parameters
        ----------
        option : Option
            As it was worked out; what it moves is checked as for a decision.

        Raises
        ------
        NotAllowed
        Refused
            If the person may decide it, has proposed it already, or it cannot be done.
        """
        actor, words = self._desk.allowed(by, "propose"), checked_note(note)
        right = option.action.value
        _refuse_own(actor, right)
        option.check_open(words or "-")  # who decides says what is cut, not who proposes
        weeks, as_of = self._plan(by).base.weeks, self._plan(by).base.as_of
        margin = None if math.isnan(option.margin_saved) else round(option.margin_saved, 2)
        worth = Worth(
            units=0.0 if math.isnan(option.units_saved) else round(option.units_saved, 3),
            margin=margin, cost=round(option.cost, 2),
            first_week=as_date(weeks[0]), last_week=as_date(weeks[-1]), as_of=as_of,
        )  # fmt: skip

        def prepare() -> Event:
            body = _option_body(option, self._decisions.edit_of(option), worth)
            self._refuse_again(actor, body)
            return self._desk.event(actor, body, note=words, base=self._desk.ledger.seq)

        request = Request.of(client_id, actor, Kind.PROPOSE, lambda e: _says(e, option.text))
        return self._desk.submit(prepare, request)

    def propose_change(
        self,
        by: str,
        activation: Activation,
        *,
        note: str = "",
        client_id: ClientId | None = None,
    ) -> Event:
        """Propose that an activation be added, or be as this one is.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds
        Refused
            If the person may change it, has proposed it already, or nothing would change.
        """
        actor, words = self._desk.allowed(by, "propose"), checked_note(note)
        _refuse_own(actor, "activation")
        self._calendar.check(activation)
        plan = self._plan(by)
        worth = ground.worth_of(plan, self._calendar.at(activation.activation), activation)
        text = ground.stated_of(self._calendar.at(activation.activation), activation)

        def prepare() -> Event:
            before = self._calendar.at(activation.activation)
            body = ground.proposed_change(before, activation, right="activation", worth=worth)
            self._refuse_again(actor, body)
            return self._desk.event(actor, body, note=words, base=self._desk.ledger.seq)

        request = Request.of(client_id, actor, Kind.PROPOSE, lambda e: _says(e, text))
        return self._desk.submit(prepare, request)

    def propose_orders(
        self,
        by: str,
        lines: Sequence[OrderLine],
        *,
        note: str = "",
        base: int | None = None,
        client_id: ClientId | None = None,
    ) -> Event:
        """Propose orders of the buy plan, several at once, to whoever may approve them.

        Parameters
        ----------
        lines, base
            As of `Orders.approve`.

        Raises
        ------
        NotAllowed
        Refused
            If the person may approve them, has proposed one already, or one cannot be placed.
        """
        actor, words = self._desk.allowed(by, "propose"), checked_note(note)
        _refuse_own(actor, "order")
        asked, since, plan = tuple(lines), self._desk.seen(base), self._plan(by)
        if not asked:
            raise Refused("There is nothing to order in it.")
        self._orders.refuse_lines(plan, asked, since)
        body = proposed_orders.body_of(plan, moves_of(plan, asked))

        def prepare() -> Event:
            self._refuse_again(actor, body)
            return self._desk.event(actor, body, note=words, base=self._desk.ledger.seq)

        request = Request.of(client_id, actor, Kind.PROPOSE, lambda e: _says(e, body.text))
        return self._desk.submit(prepare, request)

    # Answering --------------------------------------------------------------------------

    def accept(
        self,
        by: str,
        seq: int,
        *,
        note: str,
        owner: Name | None = None,
        due: dt.date | None = None,
        seen: Name = "",
        client_id: ClientId | None = None,
    ) -> Event:
        """Decide what was proposed, as it was proposed; the decision is the acceptor's.

        Parameters
        ----------
        note : str
            The reason.
        owner : str, optional
            Who carries an option out; the acceptor if left out.
        seen : str
            `Ground.mark` of what was looked at: '' where nothing has changed.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds
        Refused
            If it was answered already, cannot be done any more, or its ground has changed
            and that was not seen.
        """
        actor, found, words = self._to_answer(by, seq, note)
        if (made := self._made(actor, seq, client_id)) is not None:
            return made
        looked = self._looked(by, found, seen)
        if looked.gone:
            raise Refused(
                f"{looked.gone} It cannot be accepted as it is: change it, or decline it."
            )
        body = found.body
        answers = self._answering(found, changed=False)
        if isinstance(body, OrdersProposed):
            return self._order(actor, looked, lines_of(body.moves), answers, words, client_id)
        if isinstance(body, OptionProposed):
            # As the Bridge judges it today: that is what is decided, and what the ledger keeps.
            option = looked.option or ground.option_of(body)
            return self._decide(actor, looked, option, answers, words, (owner, due), client_id)
        after = ground.merged(body, self._calendar.at(body.activation))
        return self._save(actor, looked, after, answers, words, client_id)

    def change(
        self,
        by: str,
        seq: int,
        *,
        note: str,
        option: Option | None = None,
        activation: Activation | None = None,
        lines: Sequence[OrderLine] = (),
        owner: Name | None = None,
        due: dt.date | None = None,
        seen: Name = "",
        client_id: ClientId | None = None,
    ) -> Event:
        """Decide something else than was proposed about the same thing.

        Parameters
        ----------
        option : Option, optional
            Where an option was proposed: another for the same featured SKU, that the person
            may decide.
        activation : Activation, optional
            Where a change of the calendar was proposed: the activation as it shall be.
        lines : sequence of OrderLine
            Where orders were proposed: those that are to be placed, of the same SKUs.

        Raises
        ------
        As of `accept`; OutOfBounds also if what is given is about something else.
        """
        actor, found, words = self._to_answer(by, seq, note)
        if (made := self._made(actor, seq, client_id)) is not None:
            return made
        looked = self._looked(by, found, seen)
        body, answers = found.body, self._answering(found, changed=True)
        if isinstance(body, OrdersProposed):
            others = sorted({line.sku for line in lines} - set(body.skus))
            if others or not lines:
                raise OutOfBounds(
                    f"Give orders of what was proposed: {', '.join(body.skus[:5])}."
                )
            return self._order(actor, looked, lines, answers, words, client_id)
        if isinstance(body, OptionProposed):
            if option is None or (option.activation, option.sku) != (
                body.activation, body.sku
            ):  # fmt: skip
                raise OutOfBounds(f"Give another option for {body.sku} in {body.activation}.")
            require(actor, option.action)
            return self._decide(actor, looked, option, answers, words, (owner, due), client_id)
        if activation is None or activation.activation != body.activation:
            raise OutOfBounds(f"Give the activation {body.activation} as it shall be.")
        return self._save(actor, looked, activation, answers, words, client_id)

    def decline(
        self, by: str, seq: int, *, note: str, client_id: ClientId | None = None
    ) -> Event:
        """Say no, with the reason.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, Refused
        """
        actor, found, words = self._to_answer(by, seq, note)
        return self._answered(actor, found, words, client_id)

    def withdraw(
        self, by: str, seq: int, *, note: str = "", client_id: ClientId | None = None
    ) -> Event:
        """Take one's own proposal back.

        Raises
        ------
        NotAllowed, UnknownName
        Refused
            If it is somebody else's, or was answered already.
        """
        actor, words = self._desk.allowed(by, "propose"), checked_note(note)
        found = self.one(seq)
        if found.person != actor.id:
            name = self._desk.person(found.person).name
            raise Refused(f"Proposal #{seq} is {name}'s: only {name} withdraws it.")
        return self._answered(actor, found, words, client_id, withdrawn=True)

    # Inside -----------------------------------------------------------------------------

    def _refuse_again(self, actor: Person, body: Proposed) -> None:
        for one in self.open:
            if one.person == actor.id and _is_of_same(one.body, body):
                raise Refused(
                    f"You have proposed this already: #{one.seq} waits for an answer."
                )


def _refuse_own(actor: Person, right: str) -> None:
    if actor.may(right):
        raise Refused(f"{actor.function.label} may decide this: nobody has to be asked.")


def _is_of_same(had: Proposed, asked: Proposed) -> bool:
    """Whether two proposals would have the same done: of orders, whether they share one."""
    if isinstance(had, OrdersProposed) and isinstance(asked, OrdersProposed):
        first, second = ({(m.sku, m.arrives) for m in one.moves} for one in (had, asked))
        return bool(first & second)
    return (had.right, had.activation, had.text) == (asked.right, asked.activation, asked.text)


def _says(event: Event, text: str) -> bool:
    return isinstance(event.body, Proposed) and event.body.text == text


def _option_body(option: Option, edit: CalendarEdit | None, worth: Worth) -> OptionProposed:
    """What the ledger keeps of an option that is proposed."""
    short = option.short_after
    return OptionProposed(
        right=option.action.value, text=option.text, activation=option.activation,
        worth=worth, sku=option.sku, moves=option.moves, edit=edit,
        substitute=option.substitute, lift_kept=option.lift_kept,
        short_before=0.0 if math.isnan(option.short_before) else round(option.short_before, 3),
        short_after=None if math.isnan(short) else round(short, 3),
        last_date=option.last_date, warning=option.warning,
    )  # fmt: skip

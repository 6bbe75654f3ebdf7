"""The verbs that say who works here, what they speak for, and how they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.governance import GroupSet, PersonSet
from forecasting.errors import NotAllowed, OutOfBounds, Refused
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector
from forecasting.governance.sign_in import Arrival, SignInRules
from forecasting.rights import LOCAL_ADMIN, Person
from forecasting.vocabulary import INPUTS, Function

_Groups = Mapping[str, Function]


@verbs
class Staff(Projector[_Groups]):
    """The verbs on people; the desk knows them.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.GROUP,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.take_up(desk.ledger)

    def _begin(self) -> _Groups:
        return {}

    def _with(self, state: _Groups, events: Sequence[Event]) -> _Groups:
        groups = dict(state)
        for event in events:
            body = event.told(GroupSet)
            if body.function is None:
                groups.pop(body.group, None)
            else:
                groups[body.group] = body.function
        return groups

    @property
    def groups(self) -> _Groups:
        """The groups of the identity provider that bring a function, by name."""
        return dict(sorted(self._state.items()))

    def set_person(
        self,
        by: str,
        *,
        identity: Name,
        name: Name,
        function: Function,
        delegate_for: Function | None = None,
        also: Sequence[Function] = (),
        signs_in_as: Name = "",
    ) -> Event:
        """Add a person, or give one another name, function, delegation or sign-in.

        Parameters
        ----------
        also : sequence of Function, optional
            Other functions that they may speak for instead, one at a time.
        signs_in_as : str, optional
            How the identity provider names them (their e-mail address, as a rule).

        Raises
        ------
        OutOfBounds
            If a name is missing, or somebody else signs in so.
        """
        actor = self._desk.allowed(by, "people")
        if not identity.strip() or not name.strip():
            raise OutOfBounds("A person needs an id and a name.")
        if identity == LOCAL_ADMIN.id:
            raise OutOfBounds("The local admin stays as it is.")
        if delegate_for is not None and delegate_for not in INPUTS:
            raise OutOfBounds("Only a function that signs can have a delegate.")
        sign_in = signs_in_as.strip().casefold()
        taken = self._desk.signed_in(sign_in)
        if taken is not None and taken.id != identity and not taken.has_left:
            raise OutOfBounds(f"{taken.name} signs in as '{sign_in}' already.")
        body = PersonSet(
            person=identity, name=name.strip(), function=function, delegate_for=delegate_for,
            also=tuple(f for f in Function if f in also and f is not function),
            signs_in_as=sign_in,
        )  # fmt: skip
        return self._desk.append(actor, body)

    def take_out(self, by: str, *, identity: Name) -> Event:
        """Take a person out: from their next click on they may do nothing any more.

        Raises
        ------
        Refused
            If they are out already, or it is oneself.
        """
        actor = self._desk.allowed(by, "people")
        person = self._desk.person(identity)
        if person.id == LOCAL_ADMIN.id:
            raise OutOfBounds("The local admin stays as it is.")
        if person.id == actor.id:
            raise Refused("Nobody takes themselves out; another Admin can.")
        if person.has_left:
            raise Refused(f"{person.name} is out already.")
        return self._desk.append(actor, _body(replace(person, has_left=True)))

    def set_group(self, by: str, group: Name, function: Function | None) -> Event:
        """Let a group of the identity provider speak for a function; None: for none more."""
        actor = self._desk.allowed(by, "people")
        name = group.strip()
        if not name:
            raise OutOfBounds("A group needs its name, as the identity provider writes it.")
        if function is None and name not in self._state:
            raise OutOfBounds(f"The group '{name[:80]}' brings no function.")
        return self._desk.append(actor, GroupSet(group=name, function=function))

    def speak_for(self, by: str, function: Function) -> Person:
        """Speak for another of one's own functions from now on.

        Raises
        ------
        NotAllowed
            If it is none of theirs.
        """
        person = self._desk.allowed(by, "read")
        if function not in person.functions:
            raise NotAllowed(f"{person.name} does not speak for {function.label}. Ask Admin.")
        if function is not person.function:
            self._desk.append(person, _body(_speaking(person, person.functions, function)))
        return self._desk.person(person.id)

    def arrive(self, arrival: Arrival, rules: SignInRules) -> Person:
        """Whoever has signed in, entered or brought up to date where that is due.

        A person whom Admin entered has what Admin gave them. Whoever is known by groups
        alone has what their groups bring today; whoever the rules name is Admin.

        Raises
        ------
        NotAllowed
            If nobody knows them and no group of theirs brings a function, or they were taken
            out.
        """
        known = self._desk.signed_in(arrival.identity)
        if known is not None and known.has_left:
            raise NotAllowed(f"{known.name} has no access any more.")
        brought = self._functions(arrival, rules)
        if known is not None and not known.is_by_group:
            return known
        if not brought:
            raise NotAllowed("Nobody has given you a function in Concord yet.")
        if known is not None and known.functions == brought:
            return known
        if known is None:
            known = self._stranger(arrival, brought[0])
        person = _speaking(known, brought, known.function)
        self._desk.append(person, _body(person))
        return self._desk.person(person.id)

    def _functions(self, arrival: Arrival, rules: SignInRules) -> tuple[Function, ...]:
        """What somebody's groups, and the rules, let them speak for; in order."""
        brought = {self._state[group] for group in arrival.groups & self._state.keys()}
        if arrival.identity in rules.admins:
            brought.add(Function.ADMIN)
        return tuple(function for function in Function if function in brought)

    def _stranger(self, arrival: Arrival, function: Function) -> Person:
        """Somebody who was never here."""
        taken = {person.id for person in self._desk.people} | {LOCAL_ADMIN.id}
        if arrival.identity in taken:
            raise NotAllowed(
                f"Somebody in Concord has the id '{arrival.identity}' and signs in otherwise, "
                "or not yet. Ask Admin to say that it is you."
            )
        return Person(
            id=arrival.identity, name=arrival.name, function=function,
            signs_in_as=arrival.identity, is_by_group=True,
        )  # fmt: skip


def _speaking(person: Person, functions: Sequence[Function], function: Function) -> Person:
    """The same person, with these functions, speaking for one of them."""
    now = function if function in functions else functions[0]
    return replace(person, function=now, also=tuple(f for f in functions if f is not now))


def _body(person: Person) -> PersonSet:
    return PersonSet(
        person=person.id, name=person.name, function=person.function,
        delegate_for=person.delegate_for, also=person.also, signs_in_as=person.signs_in_as,
        is_by_group=person.is_by_group, has_left=person.has_left,
    )  # fmt: skip

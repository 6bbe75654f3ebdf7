"""The verbs that say who works here, what they speak for, and how they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.governance import GroupSet, PersonSet
from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.governance.audit import Noted
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector
from forecasting.governance.sign_in import Arrival, SignInRules
from forecasting.rights import EVERYWHERE, LOCAL_ADMIN, Person, Remit
from forecasting.vocabulary import INPUTS, Function


@dataclass(frozen=True, slots=True)
class Brought:
    """What a group of the identity provider brings."""

    function: Function
    remit: Remit


_Groups = Mapping[str, Brought]


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
                groups[body.group] = Brought(body.function, body.remit)
        return groups

    @property
    def groups(self) -> _Groups:
        """What the groups of the identity provider bring, by name."""
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

        Whoever is limited to a part of the company stays so, whatever they speak for then
        (`limit`).

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
        person = Person(
            id=identity, name=name.strip(), function=function, delegate_for=delegate_for,
            also=tuple(f for f in Function if f in also and f is not function),
            signs_in_as=sign_in,
        )  # fmt: skip
        remit = next((r for _, r in self._desk.limits_of(identity)), EVERYWHERE)
        return self._desk.append(actor, _body(_limited(person, remit)))

    def limit(
        self,
        by: str,
        *,
        identity: Name,
        departments: Sequence[Name] = (),
        classes: Sequence[Name] = (),
        regions: Sequence[Name] = (),
    ) -> Event:
        """Say which part of the company somebody may change; with nothing named: all of it.

        What they see is not limited by it. It holds from their next change on, in every
        window of theirs.

        Parameters
        ----------
        departments, classes : sequence of str, optional
            The products: of one of the departments, or of one of the classes.
        regions : sequence of str, optional
            Of the doors.

        Raises
        ------
        UnknownName
            If no product or door stands there.
        OutOfBounds
            If they come in by a group, or no function of theirs changes a part of the company.
        """
        actor = self._desk.allowed(by, "people")
        person = self._desk.person(identity)
        remit = self._remit(departments, classes, regions)
        if person.is_by_group:
            raise OutOfBounds(
                f"What {person.name} may do comes from a group. Limit the group, or enter "
                f"{person.name} by name first."
            )
        limited = _limited(person, remit)
        if not remit.is_everywhere and not limited.limits:
            raise OutOfBounds(
                f"{person.name} speaks for {person.function.label}, whose rights hold for the "
                "whole company and cannot be limited. Limit Marketing, Merchandising or "
                "Planning, or give them another function."
            )
        if limited == person:
            raise OutOfBounds(f"{person.name} may change {remit} already.")
        return self._desk.append(actor, _body(limited))

    def _remit(
        self, departments: Sequence[str], classes: Sequence[str], regions: Sequence[str]
    ) -> Remit:
        """A part of the company, of names that there are."""
        given = {"department": departments, "class": classes, "region": regions}
        for level, names in given.items():
            known = self._desk.places.names(level) if names else []
            for name in names:
                if name not in known:
                    told = ", ".join(known[:12]) or "none: no files name one"
                    raise UnknownName(f"There is no {level} '{name[:80]}'; there are {told}.")
        return Remit(
            departments=tuple(sorted(set(departments))), classes=tuple(sorted(set(classes))),
            regions=tuple(sorted(set(regions))),
        )  # fmt: skip

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

    def set_group(
        self,
        by: str,
        group: Name,
        function: Function | None,
        *,
        departments: Sequence[Name] = (),
        classes: Sequence[Name] = (),
        regions: Sequence[Name] = (),
    ) -> Event:
        """Let a group of the identity provider speak for a function; None: for none more.

        Parameters
        ----------
        departments, classes, regions : sequence of str, optional
            The part of the company that whoever comes in by it may change (`limit`).

        Raises
        ------
        UnknownName, OutOfBounds
        """
        actor = self._desk.allowed(by, "people")
        name = group.strip()
        if not name:
            raise OutOfBounds("A group needs its name, as the identity provider writes it.")
        if function is None and name not in self._state:
            raise OutOfBounds(f"The group '{name[:80]}' brings no function.")
        remit = self._remit(departments, classes, regions)
        if not remit.is_everywhere and function not in INPUTS:
            raise OutOfBounds(
                "Only what Marketing, Merchandising or Planning may do can be limited to a "
                "part of the company."
            )
        return self._desk.append(actor, GroupSet(group=name, function=function, remit=remit))

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
        try:
            return self._arrived(arrival, rules)
        except NotAllowed as error:
            self._desk.audit.note(Noted.KEPT_OUT, arrival.identity, str(error))
            raise

    def _arrived(self, arrival: Arrival, rules: SignInRules) -> Person:
        known = self._desk.signed_in(arrival.identity)
        if known is not None and known.has_left:
            raise NotAllowed(f"{known.name} has no access any more.")
        brought = self._functions(arrival, rules)
        if known is not None and not known.is_by_group:
            return known
        if not brought:
            raise NotAllowed("Nobody has given you a function in Concord yet.")
        limits = self._limits(arrival)
        if known is not None and (known.functions, known.limits) == (brought, limits):
            return known
        if known is None:
            known = self._stranger(arrival, brought[0])
        person = replace(_speaking(known, brought, known.function), limits=limits)
        self._desk.append(person, _body(person))
        return self._desk.person(person.id)

    def _functions(self, arrival: Arrival, rules: SignInRules) -> tuple[Function, ...]:
        """What somebody's groups, and the rules, let them speak for; in order."""
        mine = arrival.groups & self._state.keys()
        brought = {self._state[group].function for group in mine}
        if arrival.identity in rules.admins:
            brought.add(Function.ADMIN)
        return tuple(function for function in Function if function in brought)

    def _limits(self, arrival: Arrival) -> tuple[tuple[Function, Remit], ...]:
        """What somebody's groups limit each function to; groups of one function together."""
        limits: dict[Function, Remit] = {}
        for group in sorted(arrival.groups & self._state.keys()):
            brought = self._state[group]
            limits[brought.function] = limits.get(brought.function, EVERYWHERE).with_(
                brought.remit
            )
        return tuple(
            (f, limits[f]) for f in Function if f in limits and not limits[f].is_everywhere
        )

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


def _limited(person: Person, remit: Remit) -> Person:
    """The same person, with each function that changes parts of the company limited to one."""
    mine = () if remit.is_everywhere else tuple(f for f in person.functions if f in INPUTS)
    return replace(person, limits=tuple((function, remit) for function in mine))


def _body(person: Person) -> PersonSet:
    return PersonSet(
        person=person.id, name=person.name, function=person.function,
        delegate_for=person.delegate_for, also=person.also, signs_in_as=person.signs_in_as,
        is_by_group=person.is_by_group, has_left=person.has_left, limits=person.limits,
    )  # fmt: skip

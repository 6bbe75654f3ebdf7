"""Saved views: a page with its filters and grouping, kept under a name.

A view is one's own, or shared with everybody. A shared one may be what one's function begins
the page with. It belongs to who saved it: nobody else changes or removes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.views import ViewSaved
from forecasting.errors import OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector
from forecasting.rights import Person

LONGEST = 60
"""Characters of a view's name: it stands on a button."""
MOST_KEYS, LONGEST_VALUE = 40, 200
"""Bounds of what a link holds."""
_KEY = re.compile(r"[a-z][a-z_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view, as it was saved last."""

    seq: int
    page: str
    name: str
    link: Mapping[str, str]
    person: str
    function: str
    """What its person spoke for."""
    shared: bool
    opens: bool
    """Their function begins the page with it."""

    def is_for(self, person: Person) -> bool:
        """Whether somebody is offered it."""
        return self.shared or self.person == person.id


_Identity = tuple[str, str, str]
"""Page, name, and the person whose own it is: '' where it is shared."""


@verbs
class SavedViews(Projector[Mapping[_Identity, View]]):
    """Verbs of saved views.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.VIEW,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.take_up(desk.ledger)

    def _begin(self) -> Mapping[_Identity, View]:
        return {}

    def _with(
        self, state: Mapping[_Identity, View], events: Sequence[Event]
    ) -> Mapping[_Identity, View]:
        now = dict(state)
        for event in events:
            told = event.told(ViewSaved)
            identity = _identity(told.page, told.name, event.person, shared=told.shared)
            if told.shows is None:
                now.pop(identity, None)
                continue
            now[identity] = View(
                seq=event.seq, page=told.page, name=told.name, link=told.shows,
                person=event.person, function=event.function, shared=told.shared,
                opens=told.opens,
            )  # fmt: skip
        return now

    def offered(self, by: str, page: Name) -> list[View]:
        """What somebody can choose from on a page: their own and what is shared, by name.

        Raises
        ------
        UnknownName
        """
        person = self._desk.allowed(by, "read")
        mine = [v for v in self._state.values() if v.page == page and v.is_for(person)]
        return sorted(mine, key=lambda v: (v.name.casefold(), v.shared, v.seq))

    def opening(self, by: str, page: Name) -> View | None:
        """What somebody's function begins a page with: of several the one saved last."""
        person = self._desk.allowed(by, "read")
        found = [
            v for v in self._state.values()
            if v.page == page and v.opens and v.function == person.function
        ]  # fmt: skip
        return max(found, key=lambda v: v.seq, default=None)

    def save(
        self,
        by: str,
        page: Name,
        name: Name,
        link: Mapping[str, str],
        *,
        shared: bool = False,
        opens: bool = False,
    ) -> Event:
        """Keep what a page shows under a name; one's own of that name gives way.

        Parameters
        ----------
        page : str
            Address of the page.
        link : mapping
            Filters and the rest, as the page's link has them.
        shared : bool
            Everybody is offered it.
        opens : bool
            One's function begins the page with it; only what is shared can be that.

        Raises
        ------
        NotAllowed, OutOfBounds
        Refused
            If somebody else has shared one of that name.
        """
        actor = self._desk.allowed(by, "view")
        name = name.strip()
        if not 0 < len(name) <= LONGEST:
            raise OutOfBounds(f"The name of a view has 1 to {LONGEST} characters.")
        if opens and not shared:
            raise OutOfBounds("What a function begins with is shared with everybody.")
        kept = _checked(link)

        def prepare() -> Event:
            self._is_free(actor, page, name, shared=shared)
            told = ViewSaved(page=page, name=name, shows=kept, shared=shared, opens=opens)
            return self._desk.event(actor, told)

        return self._desk.submit(prepare)

    def remove(self, by: str, page: Name, name: Name, *, shared: bool = False) -> Event:
        """Forget a view that one has saved.

        Raises
        ------
        NotAllowed, Refused
        UnknownName
            If there is none of that name.
        """
        actor = self._desk.allowed(by, "view")

        def prepare() -> Event:
            if _identity(page, name, actor.id, shared=shared) not in self._state:
                raise UnknownName(f"There is no view '{name[:LONGEST]}' to remove.")
            self._is_free(actor, page, name, shared=shared)
            return self._desk.event(
                actor, ViewSaved(page=page, name=name, shows=None, shared=shared)
            )

        return self._desk.submit(prepare)

    def _is_free(self, actor: Person, page: str, name: str, *, shared: bool) -> None:
        had = self._state.get(_identity(page, name, actor.id, shared=shared))
        if had is not None and had.person != actor.id:
            who = self._desk.person(had.person).name
            raise Refused(f"'{name}' is a shared view of {who}. Save yours under another name.")


def _identity(page: str, name: str, person: str, *, shared: bool) -> _Identity:
    return page, name, "" if shared else person


def _checked(link: Mapping[str, str]) -> dict[str, str]:
    """A link that a page can have.

    Raises
    ------
    OutOfBounds
    """
    if len(link) > MOST_KEYS:
        raise OutOfBounds(f"A view keeps at most {MOST_KEYS} filters; found {len(link)}.")
    for key, value in link.items():
        if not _KEY.fullmatch(key):
            raise OutOfBounds(f"'{key[:40]}' is no filter of a page.")
        if len(value) > LONGEST_VALUE:
            raise OutOfBounds(
                f"A filter of a view has at most {LONGEST_VALUE} characters; '{key}' has "
                f"{len(value)}."
            )
    return dict(link)

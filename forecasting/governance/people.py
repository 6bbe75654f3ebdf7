"""The verb that says who works here, and what they speak for."""

from __future__ import annotations

from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Event
from forecasting.consensus.events.governance import PersonSet
from forecasting.errors import OutOfBounds
from forecasting.governance.desk import Desk
from forecasting.rights import LOCAL_ADMIN
from forecasting.vocabulary import INPUTS, Function


@verbs
class Staff:
    """The verb on people; the desk knows them.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def set_person(
        self,
        by: str,
        *,
        identity: Name,
        name: Name,
        function: Function,
        delegate_for: Function | None = None,
    ) -> Event:
        """Add a person, or give one another name, function or delegation."""
        actor = self._desk.allowed(by, "people")
        if not identity.strip() or not name.strip():
            raise OutOfBounds("A person needs an id and a name.")
        if identity == LOCAL_ADMIN.id:
            raise OutOfBounds("The local admin stays as it is.")
        if delegate_for is not None and delegate_for not in INPUTS:
            raise OutOfBounds("Only a function that signs can have a delegate.")
        body = PersonSet(
            person=identity, name=name.strip(), function=function, delegate_for=delegate_for
        )
        return self._desk.append(actor, body)

"""Who may do what, as data. The workspace asks here before every verb."""

from __future__ import annotations

from dataclasses import dataclass

from forecasting.errors import NotAllowed
from forecasting.vocabulary import INPUTS, Function

MARKETING, MERCHANDISING, PLANNING = INPUTS
EVERYONE = tuple(Function)

RIGHTS: dict[str, tuple[Function, ...]] = {
    "read": EVERYONE,
    "override": INPUTS,
    "hold": INPUTS,
    "comment": INPUTS,
    "draft": INPUTS,
    "undo": INPUTS,
    "undo others' changes": (PLANNING,),
    "cycle": (PLANNING,),
    "agree": (PLANNING,),
    "adopt": (PLANNING,),
    "submit": INPUTS,
    "sign": INPUTS,
    "minute": INPUTS,
    "activation": (MARKETING,),
    "lift": (MARKETING,),
    "order": (PLANNING,),
    "expedite": (PLANNING,),
    "postpone": (PLANNING,),
    "transfer": (PLANNING,),
    "accept": (PLANNING,),
    "sense": (PLANNING,),
    "shift": (MERCHANDISING,),
    "reduce": (MARKETING,),
    "signed calendar": (PLANNING,),
    "propose": INPUTS,
    "view": EVERYONE,
    "follow": EVERYONE,
    "import": (PLANNING, Function.ADMIN),
    "import the calendar": (MARKETING, PLANNING, Function.ADMIN),
    "accept what is odd": (PLANNING, Function.ADMIN),
    "conventions": (PLANNING, Function.ADMIN),
    "refresh": (PLANNING, Function.ADMIN),
    "backtest": (PLANNING, Function.ADMIN),
    "people": (Function.ADMIN,),
    "reasons": (PLANNING, Function.ADMIN),
    "value added by person": (PLANNING,),
    "settings": (Function.LEADERSHIP,),
    "review": (Function.LEADERSHIP,),
}
"""Verb to the functions that have it."""

IN_WORDS = {
    "override": "change a forecast input",
    "hold": "hold cells",
    "comment": "comment",
    "draft": "keep a draft",
    "undo": "take back a change",
    "undo others' changes": "take back other people's changes",
    "cycle": "open, reveal, publish or reopen a cycle",
    "agree": "record what was agreed",
    "adopt": "adopt a forecast run",
    "submit": "submit an input",
    "sign": "sign the consensus",
    "minute": "record actions and assumptions",
    "activation": "add, change or cancel activations",
    "lift": "set the expected lift",
    "order": "order more from suppliers",
    "expedite": "expedite receipts",
    "postpone": "push back receipts",
    "transfer": "move stock between doors",
    "accept": "accept a risk",
    "sense": "correct the next weeks",
    "shift": "shift the featured SKU",
    "reduce": "reduce the demand expectation",
    "signed calendar": "change activations that stand in a signed consensus",
    "propose": "propose a decision",
    "view": "save a view",
    "follow": "keep a watch list",
    "import": "import data",
    "import the calendar": "import the marketing calendar",
    "accept what is odd": "accept what looks odd in the data",
    "conventions": "set the currency, the fiscal calendar, the time zone and how numbers look",
    "refresh": "refresh the forecast",
    "backtest": "run a backtest",
    "people": "change people and their functions",
    "reasons": "edit the list of reasons",
    "value added by person": "see other people's value added",
    "settings": "change targets, thresholds, weights, fences and calendar rules",
    "review": "record decisions of the quarterly review and close the quarter",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who uses Concord."""

    id: str
    name: str
    function: Function
    delegate_for: Function | None = None
    """Function that this person may sign for beside their own."""
    also: tuple[Function, ...] = ()
    """Other functions that this person may speak for instead (`Staff.speak_for`)."""
    signs_in_as: str = ""
    """How the identity provider names them, in lower case; '' where they do not sign in."""
    is_by_group: bool = False
    """Their functions follow from their groups at the identity provider."""
    has_left: bool = False
    """They may do nothing any more; what they did stays theirs."""

    @property
    def functions(self) -> tuple[Function, ...]:
        """Every function that they may speak for, in the order of the list of functions."""
        mine = {self.function, *self.also}
        return tuple(function for function in Function if function in mine)

    def may(self, verb: str) -> bool:
        """Whether this person's function has the right."""
        return not self.has_left and self.function in RIGHTS[verb]


LOCAL_ADMIN = Person(id="admin", name="Local admin", function=Function.ADMIN)
"""Always there, so that a new database has somebody to start with."""


def require(person: Person, verb: str) -> None:
    """Refuse what a person's function may not do.

    Raises
    ------
    NotAllowed
        Naming the person, the right, and who has it.
    """
    if person.may(verb):
        return
    if person.has_left:
        raise NotAllowed(f"{person.name} has no access any more. Ask Admin.")
    holders = " or ".join(function.label for function in RIGHTS[verb])
    raise NotAllowed(
        f"{person.name} speaks for {person.function.label}, which cannot "
        f"{IN_WORDS.get(verb, verb)}. Ask {holders}."
    )

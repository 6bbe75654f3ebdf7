"""Who may do what, as data. The workspace asks here before every verb."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    "feed": EVERYONE,
    "token": EVERYONE,
    "import": (PLANNING, Function.ADMIN),
    "import the calendar": (MARKETING, PLANNING, Function.ADMIN),
    "accept what is odd": (PLANNING, Function.ADMIN),
    "conventions": (PLANNING, Function.ADMIN),
    "refresh": (PLANNING, Function.ADMIN),
    "schedule": (PLANNING, Function.ADMIN),
    "schedule from an address": (Function.ADMIN,),
    "backtest": (PLANNING, Function.ADMIN),
    "people": (Function.ADMIN,),
    "audit": (Function.ADMIN,),
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
    "feed": "make links for calendar programs",
    "token": "make a token for a program of their own",
    "import": "import data",
    "import the calendar": "import the marketing calendar",
    "accept what is odd": "accept what looks odd in the data",
    "conventions": "set the currency, the fiscal calendar, the time zone and how numbers look",
    "refresh": "refresh the forecast",
    "schedule": "make, change and run schedules",
    "schedule from an address": "have files fetched from an address or another folder",
    "backtest": "run a backtest",
    "people": "change people and their functions",
    "audit": "see who signed in, was refused and downloaded what",
    "reasons": "edit the list of reasons",
    "value added by person": "see other people's value added",
    "settings": "change targets, thresholds, weights, fences and calendar rules",
    "review": "record decisions of the quarterly review and close the quarter",
}


COMPANY_WIDE = frozenset(
    {
        "cycle", "adopt", "submit", "import", "import the calendar", "accept what is odd",
        "conventions", "refresh", "schedule", "schedule from an address", "backtest", "people",
        "reasons", "settings", "review", "audit",
    }
)  # fmt: skip
"""Rights to what cannot be done for a part of the company: who is limited lacks them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remit:
    """The part of the company that somebody may change: some products, at some doors."""

    departments: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    """Beside the departments. With neither: every product."""
    regions: tuple[str, ...] = ()
    """Of the doors; none: every door."""

    @property
    def is_everywhere(self) -> bool:
        """Whether it limits nothing."""
        return not (self.departments or self.classes or self.regions)

    @property
    def limits_products(self) -> bool:
        """Whether some products are outside."""
        return bool(self.departments or self.classes)

    def __str__(self) -> str:
        if self.is_everywhere:
            return "everything"
        products = [*self.departments, *(f"the class {name}" for name in self.classes)]
        at = f" in {_listed(self.regions)}" if self.regions else ""
        return f"{_listed(products) if products else 'everything'}{at}"

    def with_(self, other: Remit) -> Remit:
        """What two groups bring for one function: names add up, and a limit stands."""
        return Remit(
            departments=_united(self.departments, other.departments),
            classes=_united(self.classes, other.classes),
            regions=_united(self.regions, other.regions),
        )


def _united(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


EVERYWHERE = Remit()
"""What somebody has who is not limited."""


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
    limits: tuple[tuple[Function, Remit], ...] = ()
    """Functions of theirs whose rights hold for a part of the company only, and for which."""

    @property
    def remit(self) -> Remit:
        """What they may change as they speak now."""
        return self.remit_for(self.function)

    def remit_for(self, function: Function) -> Remit:
        """What they may change when they speak for a function."""
        return dict(self.limits).get(function, EVERYWHERE)

    @property
    def functions(self) -> tuple[Function, ...]:
        """Every function that they may speak for, in the order of the list of functions."""
        mine = {self.function, *self.also}
        return tuple(function for function in Function if function in mine)

    def may(self, verb: str) -> bool:
        """Whether this person's function has the right."""
        is_held = not self.has_left and self.function in RIGHTS[verb]
        return is_held and (verb not in COMPANY_WIDE or self.remit.is_everywhere)


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
    if person.function in RIGHTS[verb]:
        raise NotAllowed(
            f"{person.name} may change {person.remit} only, and so cannot "
            f"{IN_WORDS.get(verb, verb)}: that is done for the whole company. Ask somebody of "
            f"{holders} who is not limited."
        )
    raise NotAllowed(
        f"{person.name} speaks for {person.function.label}, which cannot "
        f"{IN_WORDS.get(verb, verb)}. Ask {holders}."
    )

"""Who is who, what is set, and what was settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from forecasting.consensus.events.body import Body, Kind, Stored, Told
from forecasting.conventions import Conventions
from forecasting.rights import EVERYWHERE, Remit
from forecasting.vocabulary import Function


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSet(Body):
    """A person was added, left, or got another name, function, delegation or sign-in."""

    kind = Kind.PERSON
    person: str
    """The person's id."""
    name: str
    function: Function
    delegate_for: Function | None = None
    also: tuple[Function, ...] = ()
    """Other functions that they may speak for instead."""
    signs_in_as: str = ""
    """How the identity provider names them; '' where they do not sign in."""
    is_by_group: bool = False
    """Their functions follow from their groups at the identity provider."""
    has_left: bool = False
    limits: tuple[tuple[Function, Remit], ...] = ()
    """Functions whose rights hold for a part of the company only; the first events had none."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        delegate = stored.get("delegate_for")
        return cls(
            person=str(stored["id"]),
            name=str(stored["name"]),
            function=Function(stored["function"]),
            delegate_for=Function(delegate) if delegate else None,
            also=tuple(Function(one) for one in stored.get("also", ())),
            signs_in_as=str(stored.get("signs_in_as", "")),
            is_by_group=bool(stored.get("by_group", False)),
            has_left=bool(stored.get("left", False)),
            limits=tuple(
                (Function(function), _remit(limit))
                for function, limit in stored.get("limits", {}).items()
            ),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger; what is not stated is left out, as it always was."""
        since_added = {
            "also": [one.value for one in self.also], "signs_in_as": self.signs_in_as,
            "by_group": self.is_by_group, "left": self.has_left,
            "limits": {f.value: _stored(remit) for f, remit in self.limits},
        }  # fmt: skip
        return {
            "id": self.person, "name": self.name, "function": self.function.value,
            "delegate_for": self.delegate_for.value if self.delegate_for else None,
            **{name: value for name, value in since_added.items() if value},
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if self.has_left:
            return f"took {self.name} out: no access any more"
        limits = "; ".join(dict.fromkeys(str(remit) for _, remit in self.limits))
        limited = f", limited to {limits}" if limits else ""
        return f"set {self.name} to {self.function.value}{limited}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSet(Body):
    """A group of the identity provider was given a function, or none any more."""

    kind = Kind.GROUP
    group: str
    """As the identity provider names it."""
    function: Function | None
    remit: Remit = EVERYWHERE
    """What whoever comes in by it may change; the first events did not say."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        function = stored["function"]
        return cls(
            group=str(stored["group"]),
            function=Function(function) if function else None,
            remit=_remit(stored.get("limit", {})),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        limit = {} if self.remit.is_everywhere else {"limit": _stored(self.remit)}
        function = self.function and self.function.value
        return {"group": self.group, "function": function, **limit}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if self.function is None:
            return f"took the group {self.group} out: it brings no function any more"
        limited = "" if self.remit.is_everywhere else f", limited to {self.remit}"
        return f"let the group {self.group} speak for {self.function.value}{limited}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSet(Body):
    """Whether limits to a part of the company hold for what people see, too."""

    kind = Kind.READING
    is_limited: bool

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(is_limited=bool(stored["limited"]))

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"limited": self.is_limited}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if self.is_limited:
            return "let limits to departments and classes hold for what people see, too"
        return "let everybody see everything again, whatever they are limited to"


def _remit(stored: Stored) -> Remit:
    return Remit(**{name: tuple(str(n) for n in stored.get(name, ())) for name in _SIDES})


def _stored(remit: Remit) -> dict[str, list[str]]:
    """The sides that are limited."""
    sides = {name: list(getattr(remit, name)) for name in _SIDES}
    return {name: names for name, names in sides.items() if names}


_SIDES = ("departments", "classes", "regions")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChanged(Body):
    """Leadership set something else."""

    kind = Kind.SETTING
    name: str
    """Of the setting (governance.policy)."""
    value: float | None
    before: float | None
    effective: dt.date
    """The day from which on it is in force."""
    text: str
    """The change in words."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            name=str(stored["name"]),
            value=stored["value"],
            before=stored.get("before"),
            effective=dt.date.fromisoformat(stored["effective"]),
            text=str(stored["said"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "name": self.name, "value": self.value, "before": self.before,
            "effective": self.effective.isoformat(), "said": self.text,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"set the policy: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionsSet(Body):
    """How the company writes, or its fiscal calendar, was set."""

    kind = Kind.CONVENTIONS
    conventions: Conventions
    """All of them, as they are from now on."""
    changed: Mapping[str, str | int]
    """Those that are other than before, by name."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(conventions=Conventions.read(stored["all"]), changed=stored["changed"])

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"all": self.conventions.as_dict(), "changed": dict(self.changed)}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        told = [f"{name.replace('_', ' ')} {value}" for name, value in self.changed.items()]
        return f"set how the company writes: {', '.join(told)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonSaved(Body):
    """A reason was added to the list, called otherwise, or retired."""

    kind = Kind.REASON
    code: str
    label: str
    needs_note: bool = False
    in_use: bool = True

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        one = stored["reason"]
        return cls(
            code=str(one["code"]),
            label=str(one["label"]),
            needs_note=bool(one["needs_note"]),
            in_use=bool(one["in_use"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "reason": {
                "code": self.code, "label": self.label, "needs_note": self.needs_note,
                "in_use": self.in_use,
            }
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        verb = "put into" if self.in_use else "took out of"
        return f"{verb} the list of reasons: {self.label} ({self.code})"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterClosed(Body):
    """A quarter's scorecard stays as it is."""

    kind = Kind.QUARTER
    quarter: str
    scorecard: Mapping[str, Any]
    """As it was drawn up (quarterly.scorecard), with the review's decisions."""
    digest: str
    """Of the scorecard, so that a changed one shows."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            quarter=str(stored["quarter"]),
            scorecard=stored["scorecard"],
            digest=str(stored.get("digest", "")),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"quarter": self.quarter, "scorecard": self.scorecard, "digest": self.digest}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"closed the quarter {self.quarter}"

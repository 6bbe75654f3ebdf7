"""What an identity provider says of somebody, read by the company's rules.

The provider (Entra, Okta, Google, Keycloak: any that speaks OIDC) knows who somebody is;
the ledger knows what they speak for. Between them stand a few rules, from the same file that
holds the provider's own settings: which claim is the identity, which holds the groups, who
is Admin before anybody is, how long a sign-in lasts (docs/how-to/server.md).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from forecasting.errors import OutOfBounds, Refused
from forecasting.taking import LONGEST_NAME

KNOWN = ("identity", "name", "groups", "admins", "hours", "ask", "metrics_token")
"""What the section `[concord]` of the sign-in file may say."""
LONGEST_HOURS = 24 * 7
"""A sign-in of more than a week is none: people leave, and phones get lost."""
LEEWAY_S = 30
"""Seconds by which the provider's clock and ours may differ."""


class SignedOut(Refused):
    """Nobody is signed in any more, or whoever is may not come in."""

    title = "Signed out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody as the identity provider vouches for them."""

    identity: str
    """In lower case."""
    name: str
    groups: frozenset[str]
    begun: float
    """When they signed in, in seconds since 1970."""
    until: float
    """When that ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRules:
    """How claims are read."""

    identity: str = "email"
    """The claim by which Concord knows somebody."""
    name: str = "name"
    """The claim that holds what they are called."""
    groups: str = "groups"
    """The claim that lists their groups."""
    admins: tuple[str, ...] = ()
    """Identities that are Admin, whatever the ledger says: so that there is a first one."""
    hours: float | None = None
    """Hours that a sign-in lasts; None: as long as the provider's token says."""
    ask: str = ""
    """Whom to ask for access, in the company's words."""
    metrics_token: str = ""
    """What a monitor must bring to read /metrics; '' where nobody may."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """The rules as the sign-in file gives them.

        Raises
        ------
        OutOfBounds
            Naming what is not known or not as expected.
        """
        unknown = sorted(set(given) - set(KNOWN))
        if unknown:
            raise OutOfBounds(
                f"[concord] does not know {', '.join(unknown)}; it knows {', '.join(KNOWN)}."
            )
        texts = {key: given[key] for key in given if key not in ("admins", "hours")}
        for key, value in texts.items():
            if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME:
                raise OutOfBounds(f'[concord] {key} is a text, such as "email"; not {value!r}.')
        admins = given.get("admins", [])
        if not isinstance(admins, list | tuple) or not all(isinstance(a, str) for a in admins):
            raise OutOfBounds('[concord] admins is a list, such as ["it@shop.example"].')
        hours = given.get("hours")
        is_number = isinstance(hours, int | float) and not isinstance(hours, bool)
        if hours is not None and not (is_number and 0 < hours <= LONGEST_HOURS):
            raise OutOfBounds(
                f"[concord] hours is a number above 0, at most {LONGEST_HOURS}; not {hours!r}."
            )
        return cls(
            **{key: value.strip() for key, value in texts.items()},
            admins=tuple(a.strip().casefold() for a in admins if a.strip()),
            hours=hours,
        )

    def arrival(self, claims: Mapping[str, Any], *, now: float | None = None) -> Arrival:
        """Whoever a set of claims vouches for.

        Parameters
        ----------
        claims : mapping
            Of the provider's identity token, whose signature was checked.
        now : float, optional
            Seconds since 1970.

        Raises
        ------
        SignedOut
            If the sign-in is over, or its claims do not say who it is.
        """
        now = time.time() if now is None else now
        identity = claims.get(self.identity)
        if not isinstance(identity, str) or not identity.strip():
            raise SignedOut(
                f"Your identity provider did not send the claim '{self.identity}', by which "
                "Concord knows people. Whoever runs Concord can have it sent, or name another "
                "claim as identity in the sign-in file."
            )
        if len(identity) > LONGEST_NAME or not identity.isprintable():
            raise SignedOut("Your identity provider sent a name that cannot be kept.")
        if self.identity == "email" and claims.get("email_verified") is False:
            raise SignedOut(
                "Your identity provider has not verified your e-mail address. Verify it "
                "there, then sign in again."
            )
        begun, ends = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
        if begun is None or (ends is None and self.hours is None):
            raise SignedOut(
                "Your identity provider did not say when this sign-in began or ends."
            )
        until = ends if self.hours is None or ends is None else begun + self.hours * 3600
        until = begun + (self.hours or 0) * 3600 if until is None else until
        if not begun - LEEWAY_S <= now < until:
            raise SignedOut("Your sign-in has ended. Sign in again: what you typed is kept.")
        return Arrival(
            identity=identity.strip().casefold(),
            name=_name(claims, self.name) or identity.strip(),
            groups=self._groups(claims),
            begun=begun,
            until=until,
        )

    def _groups(self, claims: Mapping[str, Any]) -> frozenset[str]:
        found = claims.get(self.groups, [])
        if isinstance(found, str):
            found = [found]
        if not isinstance(found, list | tuple):
            return frozenset()
        return frozenset(g.strip() for g in found if isinstance(g, str) and g.strip())

    def hides_groups(self, claims: Mapping[str, Any]) -> bool:
        """Whether the provider left the groups out because they are too many for a token.

        Source: Microsoft identity platform, "groups overage claim" (`_claim_names`,
        `hasgroups`): above 200 groups a token holds none.
        """
        names = claims.get("_claim_names")
        pointed = isinstance(names, Mapping) and self.groups in names
        return pointed or bool(claims.get("hasgroups"))


def _seconds(value: object) -> float | None:
    """A moment as a token gives it."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None  # type: ignore[arg-type]


def _name(claims: Mapping[str, Any], claim: str) -> str:
    """What somebody is called; '' where that cannot be shown."""
    found = claims.get(claim)
    if not isinstance(found, str) or not found.isprintable():
        return ""
    return found.strip()[:LONGEST_NAME]

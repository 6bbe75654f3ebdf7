"""Ways to look at a page that people keep under a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from forecasting.consensus.events.body import Body, Kind, Stored, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSaved(Body):
    """What a page is asked to show was kept under a name, or forgotten."""

    kind = Kind.VIEW
    page: str
    """Address of the page."""
    name: str
    shows: Mapping[str, str] | None
    """Filters, grouping and the rest, as the link of the page has them; None: forgotten."""
    shared: bool = False
    """Offered to everybody, and not only to who saved it."""
    opens: bool = False
    """The function of who saved it begins the page with it."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        shows = stored["link"]
        return cls(
            page=str(stored["page"]), name=str(stored["name"]),
            shows=None if shows is None else {str(k): str(v) for k, v in dict(shows).items()},
            shared=bool(stored.get("shared", False)), opens=bool(stored.get("opens", False)),
        )  # fmt: skip

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "page": self.page, "name": self.name,
            "link": None if self.shows is None else dict(self.shows),
            "shared": self.shared, "opens": self.opens,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if self.shows is None:
            return f"removed the view {self.name}"
        whom = ", to begin with" if self.opens else " for everybody" if self.shared else ""
        return f"saved the view {self.name}{whom}"

"""A digest: what needs somebody, as a message with the way to each thing."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from forecasting.conventions import in_force
from forecasting.monthly.waiting import Item

MOST = 25
"""Lines of one message; the rest is counted."""


def title_of(items: Sequence[Item]) -> str:
    """What stands above a message."""
    if len(items) == 1:
        return " ".join(f"Concord: {items[0].need.label}: {items[0].text}".split())[:150]
    return f"Concord: {len(items)} new things need you"


def body_of(items: Sequence[Item], *, base: str) -> str:
    """The message, in plain text.

    Parameters
    ----------
    base : str
        Address under which browsers reach Concord, without a slash at its end; '' where the
        server does not say it: then the pages are named.
    """
    write = in_force()
    lines = []
    for one in items[:MOST]:
        due = f" (by {write.day(one.due)})" if one.due else ""
        lines.append(f"- {one.need.label}: {' '.join(one.text.split())}{due}")
        lines.append(f"  {link_of(one, base=base)}")
    if len(items) > MOST:
        lines.append(f"and {len(items) - MOST} more.")
    lines.append("")
    lines.append(f"All of it: {base}/inbox" if base else "All of it stands in your inbox.")
    lines.append("You get this because you asked for it: Inbox, Tell me elsewhere.")
    return "\n".join(lines)


def link_of(one: Item, *, base: str) -> str:
    """The way to where something is dealt with."""
    asked = f"?{urlencode(dict(one.link))}" if one.link else ""
    return f"{base}/{one.page}{asked}" if base else f"on the page '{one.page}'"

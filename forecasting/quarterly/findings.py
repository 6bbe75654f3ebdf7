"""What leadership should look at first: sentences that rules make from the numbers.

Two kinds. A pattern holds over the last six quarters: promotions of one class that run out
again and again, one type of promotion that leaves stock behind, a function whose changes
make the forecast worse. It is a finding only where it is large and hardly chance. A movement is
a headline measure that left its last year or last quarter, with the class that moved it.
Every finding carries the link that shows the numbers behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from forecasting import vocabulary, write
from forecasting.calendar import quarter_label
from forecasting.consensus.value_added import Added

PATTERN_QUARTERS = 6
"""Quarters in which a pattern is looked for."""
HARDLY_CHANCE = 0.004
"""Largest probability that promotions as bad come by chance (Mann and Whitney's rank test, one
side)."""
FEWEST = 3
"""Fewest promotions that make a pattern."""
MOSTLY = 0.6
"""Share of its promotions that must be bad."""
TIMES_AS_BAD, BEYOND = 2.0, 0.10
"""How many times as bad as the others, and by what share more, all its promotions together."""
RAN_OUT = 0.15
"""Share of its SKU-doors out for a day or more from which a promotion ran out."""
LEFT_OVER = 0.12
"""Share of the stock at its end beyond the weeks of supply that are enough, from which a
promotion left stock behind."""
WORSE_BY = 0.03
"""WAPE that a function's changes must cost to be named."""
FEWEST_CELLS = 60
"""SKU weeks that a function must have changed: few changes are better or worse by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence and where to check it."""

    kind: str
    """sells out, builds up, hurts, helps or moved."""
    level: str
    """class, type or function; '' for the company."""
    member: str
    text: str
    link: Mapping[str, str] = field(default_factory=dict)
    """What the Scorecard page shows it with."""
    weight: float = 0.0
    """Larger comes first."""


def patterns(promotions: pd.DataFrame, *, quarter: str) -> list[Finding]:
    """Promotions of one class or type that run out, or leave stock, again and again.

    Named is a member of which most promotions are bad, which ranks worse than the others by
    more than chance, and is twice as bad on the whole, and by ten points.

    Parameters
    ----------
    promotions : DataFrame, one row per activation and class
        activation, type, class, quarter, items, items_out (SKU-doors, and those out for a
        day or more), ended_cost, excess_cost (money; NaN where the weeks behind it are not
        known), lost_value.
    quarter : str
        The last quarter that counts; the window is the six up to it.

    Notes
    -----
    Mann, H. and Whitney, D. (1947), On a test of whether one of two random variables is
    stochastically larger than the other.
    """
    classes = _repeated(promotions, "class", "sells out", quarter)
    # What a class explains is no finding of a type again.
    rest = promotions[~promotions["class"].isin([f.member for f in classes])]
    types = _repeated(rest, "type", "sells out", quarter)
    # Of a class, the season decides how fast stock goes afterwards; of a type it does not.
    left = _repeated(promotions, "type", "builds up", quarter)
    return sorted([*classes, *types, *left], key=lambda f: -f.weight)


_JUDGED = {
    "sells out": ("items_out", "items", RAN_OUT),
    "builds up": ("excess_cost", "ended_cost", LEFT_OVER),
}
"""Kind of pattern to the sums that it is a share of, and the share from which one is bad."""


def _repeated(promotions: pd.DataFrame, level: str, kind: str, quarter: str) -> list[Finding]:
    part, whole, bad_from = _JUDGED[kind]
    sums = promotions.groupby(["activation", level], as_index=False)[
        ["items", "items_out", "ended_cost", "excess_cost", "lost_value"]
    ].sum(min_count=1)
    sums = sums[sums[whole] > 0]
    found = []
    share = sums[part] / sums[whole]
    for member, rows in sums.groupby(level):
        others = sums.drop(rows.index)
        if len(rows) < FEWEST or len(others) < FEWEST:
            continue
        mine, theirs = share[rows.index], share[others.index]
        overall = rows[part].sum() / rows[whole].sum()
        usual = others[part].sum() / others[whole].sum()
        bad = int((mine >= bad_from).sum())
        if bad < MOSTLY * len(rows) or overall < max(TIMES_AS_BAD * usual, usual + BEYOND):
            continue
        if _by_chance(mine, theirs) > HARDLY_CHANCE:
            continue
        counts = (bad, len(rows), int((theirs >= bad_from).sum()), len(others))
        found.append(_finding(kind, level, str(member), rows, counts, quarter))
    return found


def _by_chance(mine: pd.Series, theirs: pd.Series) -> float:
    """Probability that a group's values are as much higher by chance."""
    # Loading it takes a third of a second, which only findings need to pay.
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(mine, theirs, alternative="greater").pvalue)


def _finding(
    kind: str,
    level: str,
    member: str,
    rows: pd.DataFrame,
    counts: tuple[int, int, int, int],
    quarter: str,
) -> Finding:
    bad, n, their_bad, their_n = counts
    promoted = f"promotions of {member}" if level == "class" else f"{member} promotions"
    link = {
        "page": "why", "level": "activation", level: member, "quarter": "all",
    }  # fmt: skip
    if kind == "sells out":
        lost = float(rows["lost_value"].sum())
        out = rows["items_out"].sum() / rows["items"].sum()
        money = f", and about {vocabulary.money(lost)} of sales were lost" if lost >= 1 else ""
        text = (
            f"{bad} of {n} {promoted} ran out ({their_bad} of {their_n} of the others) in the "
            f"six quarters to {quarter_label(quarter)}: {write.percent(out)} of their "
            "SKU-doors were "
            f"empty for a day or more{money}."
        )
        return Finding(
            kind=kind, level=level, member=member, text=text,
            link={**link, "measure": "item"}, weight=max(lost, 1.0),
        )  # fmt: skip
    left = float(rows["excess_cost"].sum())
    share = left / float(rows["ended_cost"].sum())
    text = (
        f"{bad} of {n} {promoted} left stock behind ({their_bad} of {their_n} of the others) "
        f"in the six quarters to {quarter_label(quarter)}: {write.percent(share)} of what "
        "was there at "
        f"their end, {vocabulary.money(left)} at cost, was more than enough."
    )
    return Finding(
        kind=kind, level=level, member=member, text=text,
        link={**link, "measure": "excess"}, weight=left,
    )  # fmt: skip


def of_functions(added: Sequence[Added], *, quarter: str) -> list[Finding]:
    """Functions whose changes made the forecast clearly worse, or clearly better.

    Parameters
    ----------
    added : sequence of Added
        Value added by function, on the cells of the six quarters.
    quarter : str
        The last of them.
    """
    found = []
    for one in added:
        large = one.cells >= FEWEST_CELLS and abs(one.added) >= WORSE_BY
        if not (large and one.is_sure):
            continue
        hurts = one.added < 0
        verb = "worse" if hurts else "better"
        way = "too high" if one.bias > 0 else "too low"
        habit = (
            f"; its numbers were {write.percent(abs(one.bias))} {way}"
            if abs(one.bias) >= 0.1
            else ""
        )
        found.append(
            Finding(
                kind="hurts" if hurts else "helps",
                level="function",
                member=one.name,
                text=f"{one.name.capitalize()}'s changes made the forecast "
                f"{write.number(abs(100 * one.added))} points {verb} (80% interval: "
                f"{write.number(100 * one.low, sign=True)} to "
                f"{write.number(100 * one.high, sign=True)}) on the "
                f"{write.number(one.cells)} SKU weeks it changed in the six quarters to "
                f"{quarter_label(quarter)}{habit}.",
                link={"page": "value", "function": one.name},
                weight=abs(one.added) * one.cells,
            )
        )
    return found


def movement(
    label: str,
    parts: pd.DataFrame,
    *,
    now: str,
    then: str,
    period: str,
    link: Mapping[str, str],
    least: float,
    percent: bool = True,
) -> Finding | None:
    """A ratio that moved, and the member that moved it most; None where it moved little.

    Parameters
    ----------
    label : str
        The measure.
    parts : DataFrame, one row per quarter and member
        quarter, member, part, whole: the ratio is the sum of parts over the sum of wholes.
    now, then : str
        The two quarters.
    period : str
        How the other quarter is called: 'last year'.
    least : float
        Change from which it is large.

    Notes
    -----
    A member's share of the change is (p1 - r0 w1) / W1 - (p0 - r0 w0) / W0 with p its part, w
    its whole, W all wholes, 0 then, 1 now, and r0 the ratio then: over all members they add
    up to r1 - r0.
    """
    first = parts[parts["quarter"] == then].set_index("member")[["part", "whole"]]
    last = parts[parts["quarter"] == now].set_index("member")[["part", "whole"]]
    if not (first["whole"].sum() > 0 and last["whole"].sum() > 0):
        return None
    before = float(first["part"].sum() / first["whole"].sum())
    after = float(last["part"].sum() / last["whole"].sum())
    change = after - before
    if abs(change) < least:
        return None
    shares = contributions(first, last)
    member = str(shares.abs().where(np.sign(shares) == np.sign(change), -1.0).idxmax())

    scale, unit = (100, " points") if percent else (1, "")
    by, part = (
        f"{write.number(abs(scale * change), 1)}{unit}",
        f"{write.number(scale * shares[member], 1, sign=True)}{unit}",
    )
    to = write.percent(after, 1) if percent else write.number(after, 1)
    verb = "rose" if change > 0 else "fell"
    return Finding(
        kind="moved",
        level="class",
        member=member,
        text=f"{label} {verb} {by} on {period}, to {to}; most by {member} ({part}).",
        link=dict(link),
        weight=abs(change) / least,
    )


def contributions(then: pd.DataFrame, now: pd.DataFrame) -> pd.Series:
    """What each member adds to the change of a ratio (see `movement`)."""
    members = then.index.union(now.index)
    p0, w0 = (then[c].reindex(members).fillna(0.0) for c in ("part", "whole"))
    p1, w1 = (now[c].reindex(members).fillna(0.0) for c in ("part", "whole"))
    ratio = p0.sum() / w0.sum()
    shares: pd.Series = (p1 - ratio * w1) / w1.sum() - (p0 - ratio * w0) / w0.sum()
    return shares


def to_dict(finding: Finding) -> dict[str, Any]:
    """As it is kept with a closed quarter."""
    return {
        "kind": finding.kind, "level": finding.level, "member": finding.member,
        "said": finding.text, "link": dict(finding.link), "weight": finding.weight,
    }  # fmt: skip


def from_dict(kept: Mapping[str, Any]) -> Finding:
    """As a closed quarter kept it."""
    return Finding(
        kind=kept["kind"], level=kept["level"], member=kept["member"], text=kept["said"],
        link=kept["link"], weight=kept["weight"],
    )  # fmt: skip

"""The pack for the board: one quarter's scorecard as one file that prints well.

It is made from the scorecard alone, the same value that the page shows; of a closed
quarter it can be made again, to the last digit. Every figure is of that quarter, unless the
line above it names the quarters that it counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from forecasting import conventions, write
from forecasting.arguments import Name, verb
from forecasting.calendar import quarter_label, week_label
from forecasting.governance.policy import SETTINGS
from forecasting.outputs import drawings, printed
from forecasting.outputs.paper import (
    Cell,
    Items,
    Paper,
    Part,
    Section,
    Text,
    Tile,
    Tone,
    row,
    table_or,
)
from forecasting.outputs.part import told
from forecasting.quarterly import measures as measured
from forecasting.quarterly.measures import BELOW, HEADLINES, LEAD, MEASURES, STOCKOUTS, TURNS
from forecasting.quarterly.scorecard import Scorecard
from forecasting.vocabulary import GLOSSARY, INPUTS, Function
from forecasting.workspace import Workspace

IN_MATRIX = (
    "exposure", "item", "bridge_accuracy", "turn_cost", "sell_through", "gmroi", "excess"
)  # fmt: skip
OF_TYPE = ("event", "item", "lost_demand", "excess")


@verb
def as_html(space: Workspace, by: str, quarter: Name) -> str:
    """One quarter as one HTML page that needs nothing else and prints well.

    Raises
    ------
    UnknownName
        If nothing is known of the quarter.
    """
    return printed.as_html(_paper(space, by, quarter))


@verb
def as_pdf(space: Workspace, by: str, quarter: Name) -> bytes:
    """The same as a PDF.

    Raises
    ------
    UnknownName
        If nothing is known of the quarter.
    """
    return printed.as_pdf(_paper(space, by, quarter))


def _paper(space: Workspace, by: str, quarter: str) -> Paper:
    shown = space.quarters.scorecard(by, quarter)
    decisions = shown.decisions if shown.closed else space.quarters.decisions(quarter)
    label = quarter_label(quarter)
    here = conventions.in_force()
    state = "Not closed yet: the numbers can still change."
    if shown.closed:
        at = here.moment(dt.datetime.fromisoformat(shown.closed["at"]), year=True)
        state = f"Closed by {shown.closed['by']} on {at}."
    under_way = "" if shown.is_whole else "; the quarter is under way"
    targets = ", ".join(
        f"{SETTINGS[m.target].label} {SETTINGS[m.target].in_words(shown.target(key))}"
        for key, m in MEASURES.items()
        if m.target and shown.target(key) is not None
    )
    return Paper(
        title=f"Scorecard {label}",
        subject=f"Scorecard {label}",
        basis=f"{state} {shown.weeks} weeks up to {week_label(shown.as_of)}{under_way}. Every "
        f"figure is of {label}, unless its line names other quarters. {here.fiscal.label}; money "
        f"in {here.currency}, as imported. The three headline measures are the shared "
        f"responsibility of {_names(space)}. {told(space)}".strip(),
        tiles=tuple(_headline(shown, key) for key in HEADLINES),
        below=_definitions(shown),
        sections=(
            _findings(shown),
            _further(shown, label),
            *_lead(shown),
            _matrix(shown, "class", "Class", _of_classes(shown), f"By class, {label}"),
            _matrix(shown, "type", "Type", OF_TYPE, f"By type of activation, {label}"),
            *_value_added(shown, label),
            _decided(decisions),
        ),
        footer=f"Targets: {targets or 'none set'}. Every rate is a ratio of sums; “–” is not "
        "defined or not known. Concord.",
    )


def _headline(shown: Scorecard, key: str) -> Tile:
    met = shown.is_met(key)
    verdict = {None: "", True: " · ✓ met", False: " · ● missed"}[met]
    tone: Tone = "" if met is None else "good" if met else "bad"
    target = f"Target {measured.in_words(key, shown.target(key))}{verdict}"
    return Tile(
        label=MEASURES[key].label,
        figure=measured.in_words(key, shown.value(key)),
        picture=drawings.trend(shown, key),
        notes=(
            Cell(text=_signless(target), tone=tone) if tone else Cell(text=target),
            *(
                Cell(
                    text=f"{what} {measured.in_words(key, shown.value(key, back=back))} "
                    f"{_change(shown, key, back)}".strip()
                )
                for back, what in ((1, "Last quarter"), (4, "Last year"))
            ),
        ),
    )


def _signless(text: str) -> str:
    """The sign of a tone is put before its text, once."""
    return text.replace("✓ ", "").replace("● ", "")


def _definitions(shown: Scorecard) -> str:
    def stated(key: str) -> str:
        return measured.in_words(key, shown.value(key))

    outs = ", ".join(f"{MEASURES[key].label} {stated(key)}" for key in STOCKOUTS[1:])
    turns = ", ".join(
        f"{MEASURES[k].label.replace('Inventory turn ', '')} {stated(k)}" for k in TURNS
    )
    return (
        f"Other definitions of a stockout: {outs}; other items {stated('other_stockout')}, gap "
        f"{stated('stockout_gap')}. Turn {turns}, of a 52-week year. Accuracy of promoted weeks "
        f"{stated('bridge_promoted')}; bias {stated('bridge_bias')}, promoted "
        f"{stated('bridge_promoted_bias')} (forecast less actual)."
    )


def _findings(shown: Scorecard) -> Section:
    lines = tuple(("", finding.text) for finding in shown.findings)
    found: Part = (
        Items(lines=lines, is_numbered=True) if lines else Text(words="Nothing stands out.")
    )
    after = "Made from the numbers by rules; the Scorecard page shows what is behind each."
    return Section(title="What the numbers say", parts=(found,), after=after if lines else "")


def _toned(shown: Scorecard, key: str, value: float | None) -> Cell:
    meets = shown.meets(key, value)
    tone: Tone = "" if meets is None else "good" if meets else "bad"
    return Cell(text=measured.in_words(key, value), tone=tone)


def _further(shown: Scorecard, label: str) -> Section:
    rows = [
        row(
            MEASURES[key].label,
            _toned(shown, key, shown.value(key)),
            measured.in_words(key, shown.target(key)),
            measured.in_words(key, shown.value(key, back=1)),
            measured.in_words(key, shown.value(key, back=4)),
            GLOSSARY[MEASURES[key].term],
        )
        for key in BELOW
    ]
    heads = ("Measure", label, "Target", "Last quarter", "Last year", "What it is")
    return Section(
        title="Further measures",
        parts=(table_or("None.", rows, heads=heads, wide="What it is"),),
    )


def _lead(shown: Scorecard) -> tuple[Section, ...]:
    late = ", ".join(f"{Function(f).label} {n}" for f, n in sorted(shown.late_by.items()))
    stated = " · ".join(
        f"{MEASURES[k].label}: {measured.in_words(k, shown.value(k))}" for k in LEAD
    )
    here = conventions.in_force()
    rows = [
        row(
            a["name"], a["type"], here.day(dt.date.fromisoformat(a["start"])),
            _weeks(a["complete_weeks"], 1), _weeks(a["notice_weeks"], 0),
            str(a["reds"]), str(a["decided"]), str(a["late"]),
        )
        for a in shown.lead
    ]  # fmt: skip
    heads = (
        "Activation", "Type", "Starts", "Complete, weeks before", "First red, weeks before",
        "Red SKUs", "Decided in time", "Late changes",
    )  # fmt: skip
    return (
        Section(
            title="Lead time of the activations that began in the quarter",
            basis=f"{stated}. Late additions and changes: {late or 'none'}.",
            parts=(table_or("No activation began.", rows, heads=heads, words=2),),
        ),
    )


def _weeks(value: float | None, digits: int) -> str:
    return "–" if value is None else write.number(value, digits)


def _of_classes(shown: Scorecard) -> Sequence[str]:
    known = shown.matrix["class"]
    return [k for k in IN_MATRIX if any(r.get(k) is not None for r in known)]


def _matrix(
    shown: Scorecard, level: str, name: str, keys: Sequence[str], title: str
) -> Section:
    rows = [
        row(str(one["member"]), *(_toned(shown, key, one.get(key)) for key in keys))
        for one in shown.matrix[level]
    ]
    heads = (name, *(MEASURES[key].label for key in keys))
    return Section(title=title, parts=(table_or("Nothing to show.", rows, heads=heads),))


def _value_added(shown: Scorecard, label: str) -> tuple[Section, ...]:
    basis = (
        "SKU by week, published six weeks ahead or more. Value added: WAPE of the step before "
        "(for functions, of the statistical forecast) less its own, in points; above zero is "
        "better."
    )
    heads = ("SKU weeks", "WAPE", "Bias", "Value added, points", "80% interval")
    none = "No consensus was published early enough to be scored."
    return (
        Section(
            title=f"Value added by each step, {label}",
            basis=basis,
            parts=(table_or(none, [_added(s) for s in shown.steps], heads=("Step", *heads)),),
        ),
        Section(
            title=f"Value added by each function, {shown.functions_period}",
            basis="On the SKU weeks that it changed, as in the findings above.",
            parts=(
                table_or(none, [_added(f) for f in shown.functions], heads=("Function", *heads)),
            ),
        ),
    )  # fmt: skip


def _added(one: Mapping[str, Any]) -> tuple[Cell, ...]:
    def points(value: float | None) -> str:
        return "–" if value is None else write.number(100 * value, 1, sign=True)

    def share(value: float | None, *, sign: bool = False) -> str:
        return "–" if value is None else write.percent(value, 1, sign=sign)

    between = "–" if one["low"] is None else f"{points(one['low'])} to {points(one['high'])}"
    return row(
        str(one["name"]).capitalize(), write.number(one["cells"]), share(one["wape"]),
        share(one["bias"], sign=True), points(one["added"]), between,
    )  # fmt: skip


def _decided(decisions: Sequence[Mapping[str, Any]]) -> Section:
    def day(text: str) -> str:
        return conventions.in_force().day(dt.date.fromisoformat(text))

    lines = tuple(
        (
            f"{d['owner']}, by {day(d['due'])}:",
            f"{d['text']}" + (f" (done {day(d['done'])})" if d["done"] else ""),
        )
        for d in decisions
    )
    part: Part = Items(lines=lines) if lines else Text(words="None recorded.")
    return Section(title="Decisions of the review", parts=(part,))


def _change(shown: Scorecard, key: str, back: int) -> str:
    value, then = shown.value(key), shown.value(key, back=back)
    if value is None or then is None:
        return ""
    return f"({measured.in_words(key, value - then, change=True)})"


def _names(space: Workspace) -> str:
    """Who answers for the headline measures."""
    shared = (INPUTS[0], Function.PLANNING)
    found = [f"{p.name} ({p.function.label})" for p in space.people if p.function in shared]
    return " and ".join(found) or "Marketing and Planning"

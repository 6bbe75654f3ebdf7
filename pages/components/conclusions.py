"""What each picture says, in one sentence: a function for each chart, of the data it draws.

Every sentence states a number with its unit and, where the picture runs over weeks, the
week. A picture of nothing says what is missing; none says that something "is shown".
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecasting.calendar import quarter_label
from forecasting.consensus.value_added import Added
from forecasting.plan.views import Verdict
from forecasting.vocabulary import Status
from pages.components import theme
from pages.components.text import Markdown, ours, plain

InWords = Callable[[float], str]
"""Writes a value with its unit."""


def most(rows: pd.DataFrame, by: pd.Series) -> pd.Series:
    """The row of the largest value, the first of equals; there is one at least."""
    return rows.iloc[int(np.nanargmax(by.to_numpy(dtype=float)))]


def calendar(judged: Sequence[Verdict]) -> Markdown:
    """Which of the activations runs out first."""
    red = [v for v in judged if v.status is Status.RED]
    if not red:
        lift = sum(v.lift_units for v in judged)
        return ours(
            f"None of {theme.plural(len(judged), 'activation')} is expected to run out; "
            f"together they add {theme.units(lift)}."
        )
    count = (
        f"{theme.number(len(red))} of {theme.plural(len(judged), 'activation')} "
        f"{'is' if len(red) == 1 else 'are'} short"
    )
    timed = [v for v in red if v.first_short is not None]  # of the others no week is likely
    if not timed:
        return ours(f"{count}.")
    first = min(timed, key=lambda v: (v.first_short or pd.Timestamp.max, -v.units_short))
    return ours(
        f"{count}, **{plain(first.activation.name)}** first: {theme.week(first.first_short)}, "
        f"{theme.number(first.red_cells)} of {theme.plural(first.n_cells, 'SKU-door')}, "
        f"{theme.units(first.units_short)} short."
    )


def projection(fan: pd.DataFrame, *, first_short: Any) -> Markdown:
    """When it runs out and with what on order, or how low it gets."""
    if fan.empty:
        return ours("No week is projected.")
    dry = first_short is not None and bool(pd.notna(first_short))
    at = (
        int((pd.to_datetime(fan["week"]) - pd.Timestamp(str(first_short))).abs().argmin())
        if dry
        else int(fan["after_lift"].argmin())
    )
    row = fan.iloc[at]
    between = (
        f" (80% interval {theme.units(row['low'])} to {theme.units(row['high'])})"
        if pd.notna(row["low"])
        else ""
    )
    left = f"{theme.units(row['after_lift'])} on hand at week end{between}"
    if not dry:
        return ours(f"Lowest in **{theme.week(row['week'])}**: {left}.")
    later = fan.iloc[at:]
    due = later[later["receipts"] > 0.5]
    more = (
        f"{theme.units(due['receipts'].iloc[0])} arrive in {theme.week(due['week'].iloc[0])}"
        if len(due)
        else f"nothing more arrives until {theme.week(fan['week'].iloc[-1])}"
    )
    return ours(f"Likely to run out in **{theme.week(row['week'])}**: {left}; {more}.")


def gantt(rows: pd.DataFrame) -> Markdown:
    """The busiest week, and how many of all are short."""
    if rows.empty:
        return ours("No activation is planned.")
    weeks = pd.date_range(rows["from"].min(), rows["to"].max(), freq="7D")
    at_once = [int(((rows["from"] < w + pd.Timedelta(7, "D")) & (rows["to"] > w)).sum()) for w in weeks]  # fmt: skip
    at = int(np.argmax(at_once))
    short = int((rows["status"] == Status.RED.label).sum())
    return ours(
        f"Most at once in **{theme.week(weeks[at])}**: {theme.number(at_once[at])} of "
        f"{theme.plural(len(rows), 'activation')}; {theme.number(short)} of all "
        f"{'is' if short == 1 else 'are'} short of stock."
    )


def orders(by_week: pd.DataFrame) -> Markdown:
    """What goes out now, and the largest week to come."""
    now = by_week.loc[by_week["kind"] == "release", "units"].sum()
    planned = by_week[by_week["kind"] == "planned"].groupby("release_week")["units"].sum()
    text = f"**{theme.units(now)}** to release now"
    if planned.empty or planned.sum() < 0.5:
        return ours(f"{text}; nothing is planned for later weeks.")
    return ours(
        f"{text}, {theme.units(planned.sum())} later; the largest week is "
        f"{theme.week(planned.idxmax())} with {theme.units(planned.max())}."
    )


def calibration(tenths: pd.DataFrame) -> Markdown:
    """Predicted against happened over all, and where they are furthest apart."""
    known = tenths[tenths["cells"] > 0]
    if known.empty:
        return ours("No SKU-door has been replayed.")
    cells = known["cells"].sum()
    predicted = (known["said"] * known["cells"]).sum() / cells
    happened = (known["happened"] * known["cells"]).sum() / cells
    worst = most(known, (known["happened"] - known["said"]).abs())
    return ours(
        f"Over all, {theme.percent(predicted)} were expected to run out and "
        f"**{theme.percent(happened)}** did ({theme.plural(int(cells), 'SKU-door')}); furthest "
        f"apart where the risk was {theme.percent(worst['said'])}: "
        f"{theme.percent(worst['happened'])} ran out."
    )


def forecast(
    parts: pd.DataFrame, lines: pd.DataFrame, *, last_year: pd.DataFrame | None = None
) -> Markdown:
    """How much the draft is, its peak, what activations are of it, and last year."""
    draft = lines[lines["layer"] == "Draft"].groupby("week")["units"].sum()
    if draft.empty:
        return ours("No week is forecast.")
    total = draft.sum()
    text = (
        f"Draft **{theme.units(total)}** in {theme.plural(len(draft), 'week')} from "
        f"{theme.week(draft.index.min())}; most in {theme.week(draft.idxmax())} with "
        f"{theme.units(draft.max())}"
    )
    first, last = pd.Timestamp(draft.index.min()), pd.Timestamp(draft.index.max())
    shown = parts[pd.to_datetime(parts["week"]).between(first, last)]
    lift = shown.loc[shown["part"].str.startswith("Lift"), "units"].sum()
    if total > 0 and lift > 0.5:
        text += f"; activations are {theme.percent(lift / total)} of it"
    if last_year is not None and len(last_year):
        same = draft[draft.index.isin(last_year["week"])].sum()
        then = last_year.loc[last_year["week"].isin(draft.index), "units"].sum()
        if then > 0:
            text += f"; {theme.percent(same / then - 1, sign=True)} on the same weeks last year"
    return ours(f"{text}.")


def expected_and_actual(rows: pd.DataFrame) -> Markdown:
    """How often the model was near, and where it was furthest off."""
    known = rows.dropna(subset=["expected_lift", "actual_lift"])
    if known.empty:
        return ours("No activation has both an expected and an actual lift.")
    off = known["actual_lift"] / known["expected_lift"] - 1
    near = int((off.abs() <= 0.2).sum())
    worst = most(known, off.abs())
    return ours(
        f"{theme.number(near)} of {theme.plural(len(known), 'activation')} within 20% of "
        f"the expected lift; furthest off is **{plain(worst['name'])}** "
        f"({theme.week(worst['first_week'])}): {theme.times(worst['expected_lift'])} expected, "
        f"{theme.times(worst['actual_lift'])} actual."
    )


def walk(rows: pd.DataFrame, before: float, after: float) -> Markdown:
    """How much it moved, and what moved it most."""
    share = f" ({theme.percent(after / before - 1, sign=True)})" if before else ""
    text = f"The draft moved by **{theme.units(after - before, sign=True)}**{share}"
    if rows.empty or not rows["change"].abs().max() >= 0.5:
        return ours(f"{text}; no cause moved it by a unit.")
    cause = most(rows, rows["change"].abs())
    return ours(
        f"{text}; the largest cause is {plain(cause['cause'])} with "
        f"{theme.units(cause['change'], sign=True)}."
    )


def staircase(steps: Sequence[Added]) -> Markdown:
    """Where the error begins and ends, and which step helps or hurts most."""
    known = [s for s in steps if not np.isnan(s.wape)]
    if not known:
        return ours("No SKU week has closed that was forecast.")
    text = (
        f"WAPE is {theme.percent(known[0].wape)} in the first step and "
        f"**{theme.percent(known[-1].wape)}** in the last"
    )
    moved = [s for s in known if not np.isnan(s.added)]
    if not moved:
        return ours(f"{text}, over {theme.plural(known[-1].cells, 'SKU week')}.")
    step = max(moved, key=lambda s: abs(s.added))
    verb = "takes off" if step.added >= 0 else "adds"
    return ours(
        f"{text}; the step {plain(step.name.capitalize())} {verb} most: "
        f"{theme.number(abs(100 * step.added), digits=1)} points."
    )


def versions(lines: pd.DataFrame, actual: pd.DataFrame) -> Markdown:
    """The latest closed week that was forecast: the latest number and the actual."""
    closed = actual.dropna(subset=["actual"]).set_index("week")["actual"]
    both = lines[lines["week"].isin(closed.index)]
    if both.empty:
        ahead = lines[lines["cycle"] == lines["cycle"].max()]["consensus"].sum()
        return ours(
            f"No week that was published has closed; the latest version has "
            f"{theme.units(ahead)} in the weeks shown."
        )
    week = both["week"].max()
    there = both[both["week"] == week].sort_values("cycle")
    latest, happened = float(there["consensus"].iloc[-1]), float(closed.loc[week])
    far = f", {theme.percent(happened / latest - 1, sign=True)}" if latest > 0 else ""
    return ours(
        f"For **{theme.week(week)}** the latest of {theme.plural(len(there), 'version')} had "
        f"{theme.units(latest)}; actual demand was {theme.units(happened)}{far}."
    )


def error_by_lag(rows: pd.DataFrame) -> Markdown:
    """The error of the nearest and the furthest week ahead, and who it is better than."""
    known = rows.dropna(subset=["wape"])
    if known.empty:
        return ours("No week ahead could be compared with sales.")
    names = list(dict.fromkeys(known["forecast"]))
    wide = known.pivot_table(index="lag", columns="forecast", values="wape")
    mine = wide[names[0]].dropna()
    text = (
        f"The error is {theme.percent(mine.iloc[0])} at {theme.plural(int(mine.index[0]), 'week')} "
        f"ahead and **{theme.percent(mine.iloc[-1])}** at "
        f"{theme.plural(int(mine.index[-1]), 'week')} ahead"
    )
    if len(names) < 2:
        return ours(f"{text}.")
    better = int((wide[names[0]] < wide[names[1:]].min(axis=1)).sum())
    return ours(
        f"{text}; it is the smallest at {theme.number(better)} of "
        f"{theme.plural(len(wide), 'distance')}."
    )


def responses(rows: pd.DataFrame) -> Markdown:
    """Which type lifts most, and where."""
    known = rows.dropna(subset=["log"])
    if known.empty:
        return ours("No type of activation has a lift yet.")
    best = most(known, known["log"])
    usual = float(np.exp(known.loc[known["type"] == best["type"], "log"].median()))
    return ours(
        f"**{plain(best['type'])}** lifts most, {theme.times(float(np.exp(best['log'])))} "
        f"baseline in {plain(best['class'])}; over its classes the median is "
        f"{theme.times(usual)}."
    )


def seasons(rows: pd.DataFrame) -> Markdown:
    """Which class swings most, and when."""
    if rows.empty:
        return ours("No class has a season.")
    swing = rows.groupby("class")["index"].agg(lambda s: s.max() - s.min())
    name = swing.idxmax()
    mine = rows[rows["class"] == name]
    high, low = most(mine, mine["index"]), most(mine, -mine["index"])
    return ours(
        f"**{plain(name)}** swings most: {theme.times(high['index'])} an ordinary week in "
        f"{theme.week(high['week'])}, {theme.times(low['index'])} in {theme.week(low['week'])}."
    )


def trend(values: Sequence[tuple[str, float | None]], *, lower_is_better: bool) -> Markdown:
    """Where the last quarter stands among those known."""
    known = [(q, v) for q, v in values if v is not None]
    if not known or known[-1][0] != values[-1][0]:
        return ours("Not known for this quarter.")
    last = known[-1][1]
    if len(known) == 1:
        return ours("The first quarter that is known.")
    better = sum((v < last) == lower_is_better and v != last for _, v in known)
    of = f"of {theme.number(len(known))} quarters"
    if better == 0:
        return ours(f"The best {of}.")
    if better == len(known) - 1:
        return ours(f"The worst {of}.")
    return ours(f"{theme.ordinal(better + 1)} best {of}.")


def by_member(rows: pd.DataFrame, *, in_words: InWords, lower_is_better: bool) -> Markdown:
    """The worst member, and how many got worse."""
    known = rows.dropna(subset=["value"])
    if known.empty:
        return ours("None of them has a value.")
    worst = most(known, known["value"] if lower_is_better else -known["value"])
    text = f"Worst is **{plain(worst['member'])}** with {plain(in_words(worst['value']))}"
    both = known.dropna(subset=["before"])
    if both.empty:
        return ours(f"{text}, of {theme.number(len(known))}.")
    change = both["value"] - both["before"]
    fell = int((change > 0).sum() if lower_is_better else (change < 0).sum())
    return ours(
        f"{text}; {theme.number(fell)} of {theme.number(len(both))} are worse than before."
    )


def quarters(rows: pd.DataFrame, *, in_words: InWords) -> Markdown:
    """Who moved furthest from the first to the last quarter."""
    wide = rows.pivot_table(index="quarter", columns="member", values="value").sort_index()
    moved = (wide.iloc[-1] - wide.iloc[0]).dropna() if len(wide) else pd.Series(dtype=float)
    if moved.empty:
        return ours("No member has a value in the first and the last quarter.")
    name = moved.abs().idxmax()
    return ours(
        f"**{plain(name)}** moved furthest: {plain(in_words(wide[name].iloc[0]))} in "
        f"{plain(quarter_label(str(wide.index[0])))}, {plain(in_words(wide[name].iloc[-1]))} in "
        f"{plain(quarter_label(str(wide.index[-1])))}."
    )


def results(rows: pd.DataFrame) -> Markdown:
    """Which activation added most margin, and how many earned less than they cost."""
    known = rows.dropna(subset=["margin"])
    if known.empty:
        return ours("No margin is known of them: unit costs are missing.")
    best = most(known, known["margin"])
    text = f"**{plain(best['name'])}** added most margin, {theme.money(best['margin'])}"
    if pd.notna(best["margin_low"]):
        text += (
            f" (80% interval {theme.money(best['margin_low'])} to "
            f"{theme.money(best['margin_high'])})"
        )
    paid = known.dropna(subset=["spend"])
    less = int((paid["margin"] < paid["spend"]).sum())
    return ours(
        f"{text}; {theme.number(less)} of {theme.number(len(paid))} with a spend earned less "
        "than it."
    )


def side_panel(rows: pd.DataFrame, marks: pd.DataFrame, *, in_words: InWords) -> Markdown:
    """The highest week, and weeks with an activation against those without."""
    known = rows.dropna(subset=["value"])
    if known.empty:
        return ours("Not known for any week shown.")
    high = most(known, known["value"])
    text = f"Highest in {theme.week(high['week'])}: {plain(in_words(high['value']))}"
    weeks = pd.to_datetime(known["week"]).to_numpy()[:, None]
    first, last = (pd.to_datetime(marks.iloc[:, at]).to_numpy() for at in (2, 3))
    during = ((weeks < last) & (weeks + np.timedelta64(7, "D") > first)).any(axis=1)
    if not during.any() or during.all():
        return ours(f"{text}.")
    with_, without = known["value"][during].mean(), known["value"][~during].mean()
    return ours(
        f"{text}; {plain(in_words(with_))} on average in weeks with an activation, "
        f"{plain(in_words(without))} in the others."
    )

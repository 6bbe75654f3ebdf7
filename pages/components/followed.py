"""The watch list: a star at whatever can be followed, and Home's list of what became of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from forecasting.errors import ConcordError
from forecasting.governance.following import Followed, What
from forecasting.plan import views
from forecasting.plan.balance import LEAST, WEEKS
from forecasting.plan.live import LivePlan
from pages.components import frame, theme
from pages.components.text import Markdown, ours, plain

__all__ = ["What", "home", "star"]
_PAGES = {
    What.ACTIVATION: ("weekly/bridge.py", "activation"), What.SKU: ("explore/sku.py", "sku"),
    What.CLASS: ("weekly/board.py", "class"), What.CYCLE: ("setup/cycle.py", "cycle"),
    What.PERSON: ("explore/history.py", "who"),
}  # fmt: skip
"""Where each leads, and what that page is asked to show."""
_OF_WORD = (What.CYCLE, What.PERSON)
"""What is told of in the inbox, and has no figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a followed thing stands."""

    label: str
    status: str
    """Sign and word."""
    figures: Mapping[str, float]
    """short: units over the next weeks; margin: what of it is at risk, left out where unknown."""


_LIST = "Put it on your watch list: Home shows what becomes of it. Only you see it."
_OFFERS = dict.fromkeys(What, _LIST) | {
    What.CYCLE: "Its steps come to your inbox: who handed in, signed and published. Only you see it.",
    What.PERSON: "What they do comes to your inbox, once a day. Only you see it.",
}  # fmt: skip


def star(what: What, name: str) -> None:
    """Follow a thing, or follow it no more."""
    space, person = frame.workspace(), frame.me()
    is_on = any((f.what, f.name) == (what, name) for f in space.following.of(person.id))
    st.button(
        "Following" if is_on else "Follow", key=f"star_{what}_{name}", type="tertiary",
        icon=":material/star:" if is_on else ":material/star_outline:", on_click=_turn,
        args=(what, name, is_on), help="On your watch list on Home." if is_on else plain(_OFFERS[what]),
    )  # fmt: skip


def _turn(what: What, name: str, is_on: bool) -> None:
    following, by = frame.workspace().following, frame.me().id
    try:
        if is_on:
            following.remove(by, what, name)
        else:
            following.add(by, what, name)
    except ConcordError as error:
        st.toast(plain(error))


def reading(
    plan: LivePlan, one: Followed, judged: Mapping[str, views.Verdict]
) -> Reading | None:
    """How it stands in the working plan; None where it is not in it any more.

    Parameters
    ----------
    judged : mapping
        Every verdict on an activation, by identity.
    """
    if one.what in _OF_WORD:
        return _heard_of(one)
    if one.what is What.ACTIVATION:
        verdict = judged.get(one.name)
        if verdict is None:
            return None
        figures = {"short": verdict.units_short, "margin": verdict.margin_at_risk}
        return _reading(verdict.activation.name, theme.status_label(verdict.status), figures)
    rows = frame.balances(plan, weeks=WEEKS)
    rows = rows[rows[str(one.what)] == one.name]
    if rows.empty:
        return None
    short = rows[rows["short"] >= LEAST]
    figures = {
        "short": float(short["short"].sum()), "margin": float(short["margin"].sum(min_count=1)),
    }  # fmt: skip
    label = one.name
    if one.what is What.SKU:
        label = f"{one.name} · {rows['description'].iloc[0] or ''}"
        over = float(rows["over"].iloc[0])
        status = "● Short" if len(short) else "■ Excess" if over >= LEAST else "✓ Covered"
    else:
        status = f"{len(short)} of {theme.plural(len(rows), 'SKU')} short"
    return _reading(label, status, figures)


def _heard_of(one: Followed) -> Reading | None:
    """A cycle or a person, who have no figures in the plan."""
    space = frame.workspace()
    if one.what is What.PERSON:
        known = {p.id: p for p in space.people}
        if one.name not in known:
            return None
        who = known[one.name]
        return Reading(label=who.name, status=who.function.label, figures={})
    now = space.cycles.current
    if now is None or now.name != one.name:
        is_there = any(version.cycle == one.name for version in space.cycles.published())
        return Reading(label=one.name, status="Published", figures={}) if is_there else None
    stage = space.cycles.standing().stage.label
    return Reading(label=one.name, status=stage, figures={})


def _reading(label: str, status: str, figures: Mapping[str, float]) -> Reading:
    known = {name: value for name, value in figures.items() if not math.isnan(value)}
    return Reading(label=label, status=status, figures=known)


def changed(one: Followed, now: Reading) -> Markdown:
    """What became of it since the person looked last, in words."""
    parts = []
    if (units := _step(one, now, "short")) is not None:
        parts.append(f"{theme.units(units[0])} → **{theme.units(units[1])}**")
    if (money := _step(one, now, "margin")) is not None:
        parts.append(f"{theme.money(money[0])} → **{theme.money(money[1])}**")
    if not one.seen:
        return ours("New on your list")
    return ours("Changed: " + ", ".join(parts)) if parts else ours("No change")


def _step(one: Followed, now: Reading, name: str) -> tuple[float, float] | None:
    """A figure when it was seen last and now; None where it is the same, or was not known."""
    then, value = one.seen.get(name), now.figures.get(name)
    if then is None or value is None or abs(value - then) < 0.5:
        return None
    return then, value


def home() -> None:
    """The own watch list, with what changed; nothing where nobody follows anything."""
    space, person = frame.workspace(), frame.me()
    found = space.following.of(person.id)
    if not found:
        return
    plan = frame.working_plan()
    st.header("Your watch list", anchor=False)
    seen = _seen_before(person.id, found)
    ahead = views.verdicts(plan, weeks=len(plan.base.weeks))
    judged = {v.activation.activation: v for v in ahead}
    looked: list[Followed] = []
    for one in found:
        now = reading(plan, one, judged)
        with st.container(horizontal=True, vertical_alignment="center", key=f"watch_{one.what}_{one.name}"):  # fmt: skip
            if now is None:
                st.markdown(
                    f"**{plain(one.name)}** · :gray[{plain(one.what.label)}] · not in the plan any more",
                    width="content",
                )
                star(one.what, one.name)
                continue
            page, key = _PAGES[one.what]
            st.page_link(
                f"pages/{page}", label=ours(f"**{plain(now.label)}**"), width="content",
                query_params={key: one.name},
            )  # fmt: skip
            st.markdown(
                f":gray[{plain(one.what.label)}] · {plain(now.status)} · "
                + (
                    "what becomes of it is in your inbox"
                    if one.what in _OF_WORD
                    else f"{_figures(now)} · {changed(seen[one.what, one.name], now)}"
                ),
                width="content",
            )
            star(one.what, one.name)
        looked.append(replace(one, seen=now.figures))
    space.following.saw(person.id, looked)
    st.caption(
        f"Working plan: of an activation, its weeks; else the next {WEEKS:d} weeks. Changed: since "
        "you opened Home in an earlier window."
    )


def _figures(now: Reading) -> Markdown:
    money = now.figures.get("margin")
    at_risk = f", {theme.money(money)} margin at risk" if money is not None else ""
    return ours(f"{theme.units(now.figures.get('short'))} short{at_risk}")


def _seen_before(person: str, found: list[Followed]) -> dict[tuple[What, str], Followed]:
    """How each stood when the person looked last: the same for as long as a window is open."""
    kept: dict[tuple[str, What, str], Followed] = st.session_state.setdefault("watch then", {})
    for one in found:
        kept.setdefault((person, one.what, one.name), one)
    return {(one.what, one.name): kept[person, one.what, one.name] for one in found}

"""Quarterly review: ninety minutes in this order, policy, decisions, and the quarter closed."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from data import leaving
from forecasting.calendar import quarter_label
from forecasting.errors import ConcordError
from forecasting.governance.policy import SETTINGS, Group, Setting, Unit
from forecasting.outputs import board_pack
from forecasting.quarterly import measures as measured
from forecasting.quarterly import quarters_ahead
from forecasting.quarterly.measures import BELOW, HEADLINES
from forecasting.quarterly.scorecard import Scorecard
from forecasting.rights import Person
from forecasting.workspace import Workspace
from pages.components import download, frame, measures, scores, theme, written
from pages.components.text import Markdown, plain

STEPS = {
    "open": "Open decisions",
    "card": "Scorecard · 20 min",
    "causes": "Root causes · 25 min",
    "policy": "Process and policy · 25 min",
    "outlook": "Outlook · 15 min",
    "decide": "Decisions · 5 min",
}


def open_decisions(space: Workspace, person: Person) -> None:
    """What former reviews decided and nobody has done yet: the review opens with it."""
    left = [d for d in space.quarters.decisions() if not d["done"]]
    if not left:
        st.markdown(":green[✓] Nothing is open from earlier reviews.")
    today = space.desk.today.isoformat()
    for one in left:
        late = ":red[● Late] · " if one["due"] < today else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{late}**{plain(one['text'])}** · {plain(one['owner'])}, due {_day(one['due'])} :gray[review of {plain(quarter_label(one['quarter']))}]"
            )
            if (person.may("review") or person.name == one["owner"]) and st.button(
                "Done", key=f"settle_{one['seq']}", type="tertiary"
            ):
                frame.do(space.quarters.settle, person.id, one["seq"])
    done = [d for d in space.quarters.decisions() if d["done"]]
    if done:
        st.caption(f"{theme.plural(len(done), 'decision')} of earlier reviews done.")


def _day(text: str) -> Markdown:
    return theme.day(dt.date.fromisoformat(text), year=True)


def headline(shown: Scorecard) -> None:
    for column, key in zip(st.columns(3, gap="small"), HEADLINES, strict=True):
        with column:
            measures.tile(shown, key, [])
    measures.table(shown, BELOW, alt="Further measures")
    st.page_link(
        measures.PAGES["scorecard"], label="Open the scorecard", icon=":material/speed:",
        query_params={"quarter": shown.quarter},
    )  # fmt: skip


def causes(shown: Scorecard) -> None:
    st.markdown("**What the numbers say**")
    measures.findings(shown)
    rows = pd.DataFrame(shown.matrix.get("type", []))
    if len(rows):
        st.markdown("**By type of activation**")
        keys = [k for k in ("item", "event", "lost_demand", "excess") if k in rows]
        table = pd.DataFrame({"Type": rows["member"]})
        for key in keys:
            table[measured.MEASURES[key].label] = [
                measured.in_words(key, None if pd.isna(v) else float(v)) for v in rows[key]
            ]
        written.dataframe(table, hide_index=True, alt="Measures by type of activation")
    with st.container(horizontal=True):
        st.page_link(
            measures.PAGES["why"], label="Look into any number", icon=":material/search:", width="content",
            query_params={"measure": "item", "level": "type", "quarter": shown.quarter},
        )  # fmt: skip
        st.page_link(
            "pages/explore/lifts.py",
            label="Lift library",
            icon=":material/trending_up:",
            width="content",
        )
        st.page_link(
            measures.PAGES["scorecard"], label="Lead time", icon=":material/schedule:", width="content",
            query_params={"view": "lead", "quarter": shown.quarter},
        )  # fmt: skip


def process(space: Workspace, person: Person, shown: Scorecard) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.markdown(f"**Value added by function**, {plain(shown.functions_period)}")
        if shown.functions:
            written.dataframe(
                pd.DataFrame(
                    {
                        "Function": [f["name"].capitalize() for f in shown.functions],
                        "SKU weeks": [f["cells"] for f in shown.functions],
                        "Value added": [scores.points(_nan(f["added"])) for f in shown.functions],
                        "80% interval": [
                            f"{theme.points(f['low'])} to {theme.points(f['high'])}" if f["low"] is not None else "–"
                            for f in shown.functions
                        ],
                    }
                ),
                hide_index=True, alt="Value added by function",
                column_config={"SKU weeks": st.column_config.NumberColumn(format="localized", help=frame.term("SKU week")),
                    "Value added": st.column_config.TextColumn(help=frame.term("Value added")),
                    "80% interval": st.column_config.TextColumn(help=frame.term("80% interval"))},
            )  # fmt: skip
        else:
            st.markdown(
                ":gray[No consensus was published early enough to be scored in this quarter.]"
            )
        st.page_link(
            "pages/quarterly/value_added.py", label="Value added", icon=":material/stairs:"
        )
    with right:
        policy(space, person)


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value


def policy(space: Workspace, person: Person) -> None:
    """What is set, who set it, and the form that sets it with its effect beforehand."""
    st.markdown(
        "**Policy in force**", help="Targets, thresholds, weights, fences and calendar rules."
    )
    group = frame.select("Group", [str(g) for g in Group], key="group", width=200)
    mine = [s for s in SETTINGS.values() if s.group == group]
    in_force(space, group, mine)
    waiting = [c for c in space.policies.changes if c.effective > space.desk.today]
    for change in waiting:
        setting = SETTINGS[change.name]
        st.caption(
            f"From {plain(change.effective)}: {plain(setting.label)} {plain(setting.in_words(change.value))} ({plain(change.why)})."
        )
    if not person.may("settings"):
        st.caption("Leadership changes policy.")
        return
    change_one(space, person, mine)


def in_force(space: Workspace, group: str, mine: Sequence[Setting]) -> None:
    """What is set now, since when, by whom and why."""
    now = space.policies.now
    latest = {c.name: c for c in space.policies.changes[::-1]}
    written.dataframe(
        pd.DataFrame(
            {
                "Setting": [s.label for s in mine],
                "In force": [s.in_words(now[s.name]) for s in mine],
                "Since": [theme.day(latest[s.name].effective, year=True) if s.name in latest else "as delivered" for s in mine],
                "By": [space.person(latest[s.name].person).name if s.name in latest else "" for s in mine],
                "Why": [latest[s.name].why if s.name in latest else "" for s in mine],
                "What it is": [s.about for s in mine],
            }
        ),
        hide_index=True, alt=f"{group} in force",
    )  # fmt: skip


def change_one(space: Workspace, person: Person, mine: Sequence[Setting]) -> None:
    """Another value, with what it would change."""
    now = space.policies.now
    with st.container(border=True):
        name = st.selectbox(
            "Change",
            [s.name for s in mine],
            format_func=lambda n: SETTINGS[n].label,
            key="setting",
        )
        setting = SETTINGS[name]
        value = ask(setting, now[name])
        row = st.columns([1, 2])
        day = row[0].date_input("In force from", space.desk.today, key="from")
        why = row[1].text_input("Why", key="why", placeholder="What should it achieve?")
        try:
            effects = space.quarters.effect(person.id, name, value)
        except ConcordError as error:
            st.caption(f":red[{plain(error)}]")
            effects = []
        if value != now[name]:
            st.markdown("**What it would change**")
            for effect in effects:
                st.markdown(
                    f"- {plain(effect.what)}: {plain(effect.now)} → **{plain(effect.then)}**"
                )
            if not effects:
                st.markdown(
                    f"- {plain(setting.label)}: {plain(setting.in_words(now[name]))} → **{plain(setting.in_words(value))}**; no stock and no status changes."
                )
        if st.button("Set it", type="primary", disabled=value == now[name] or not why.strip()):
            frame.do(space.policies.change, person.id, name, value, why=why, effective=day)


def ask(setting: Setting, now: float | None) -> float | None:
    """The new value, in the unit in which people say it."""
    key = f"value_{setting.name}"
    match setting.unit:
        case Unit.YES_NO:
            return float(st.toggle(plain(setting.label), value=bool(now), key=key))
        case Unit.SHARE:
            shown = st.number_input(
                f"{plain(setting.label)}, %", 100 * setting.low, 100 * setting.high,
                None if now is None else round(100 * now, 4), step=1.0, key=key, format="%.1f", help=plain(setting.about),
            )  # fmt: skip
            return None if shown is None else round(shown / 100, 6)
        case Unit.COUNT | Unit.WEEKS:
            shown = st.number_input(
                f"{plain(setting.label)}, {plain(setting.unit.sign)}", int(setting.low), int(setting.high),
                None if now is None else int(now), step=1, key=key, help=plain(setting.about),
            )  # fmt: skip
        case _:
            shown = st.number_input(
                f"{plain(setting.label)}, {plain(setting.unit.sign)}", setting.low, setting.high, now, step=0.5, key=key, help=plain(setting.about),
            )  # fmt: skip
    return None if shown is None else float(shown)


def ahead(space: Workspace) -> None:
    """The quarters to come: demand against last year, and what is planned to move it."""
    if not space.has_forecast:
        st.markdown(":gray[There is no forecast yet.]")
        return
    rows = quarters_ahead.quarters_ahead(
        frame.working_plan(), space.quarters.weeks_by_class(frame.me().id)
    )
    st.markdown(
        "**Demand by quarter and department** :gray[working plan, units; the current quarter from its first planned week]"
    )
    written.dataframe(
        pd.DataFrame(
            {
                "Quarter": rows["quarter"].map(quarter_label), "Department": rows["department"],
                "Weeks": rows["weeks"], "Working plan, u": rows["units"], "Sales, same weeks last year, u": rows["last_year"],
                "Change": 100 * rows["change"], "Working plan at retail": rows["value"],
            }
        ),
        hide_index=True, placeholder="–", alt="Planned demand by quarter and department",
        column_config={
            "Working plan, u": st.column_config.NumberColumn(format="localized", step=1),
            "Sales, same weeks last year, u": st.column_config.NumberColumn(format="localized", step=1),
            "Change": st.column_config.NumberColumn(format="%+.1f%%"),
            "Working plan at retail": written.money(),
        },
    )  # fmt: skip
    acts = quarters_ahead.activations_ahead(frame.working_plan())
    st.markdown("**Activations ahead by quarter and type**")
    if acts.empty:
        st.markdown(":gray[None is planned.]")
    else:
        acts["quarter"] = acts["quarter"].map(quarter_label)
        written.dataframe(
            acts.rename(columns={"quarter": "Quarter", "type": "Type", "activations": "Activations", "complete": "Complete"}),
            hide_index=True, alt="Activations ahead by quarter and type",
            column_config={"Complete": st.column_config.NumberColumn(help="Activations that have their SKUs by now.")},
        )  # fmt: skip
    with st.container(horizontal=True):
        st.page_link(
            "pages/monthly/buy_plan.py",
            label="Buy plan and open-to-buy",
            icon=":material/local_shipping:",
            width="content",
        )
        st.page_link(
            "pages/weekly/activations.py",
            label="The calendar",
            icon=":material/campaign:",
            width="content",
        )


def decide(space: Workspace, person: Person, shown: Scorecard) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown(f"**Decisions of the review of {plain(quarter_label(shown.quarter))}**")
        made = shown.decisions if shown.closed else space.quarters.decisions(shown.quarter)
        for one in made:
            done = f" :green[✓ done {_day(one['done'])}]" if one["done"] else ""
            st.markdown(
                f"- {plain(one['text'])} · **{plain(one['owner'])}**, by {_day(one['due'])}{done}"
            )
        if not made:
            st.markdown(":gray[None yet.]")
        if person.may("review") and not shown.closed:
            with st.form("decision", clear_on_submit=True):
                text = st.text_input("Decision", placeholder="What changes, in one sentence")
                row = st.columns(2)
                people = {p.id: f"{p.name} ({p.function.label})" for p in space.people}
                owner = row[0].selectbox("Owner", list(people), format_func=people.__getitem__)
                due = row[1].date_input("By when", space.desk.today + dt.timedelta(28))
                if st.form_submit_button("Record the decision", type="primary"):
                    frame.do(
                        space.quarters.decide,
                        person.id,
                        shown.quarter,
                        text,
                        owner=owner,
                        due=due,
                    )
        elif not shown.closed:
            st.caption("Leadership records decisions.")
    with right:
        st.markdown("**Close the quarter**")
        if shown.closed:
            st.success(
                f"Closed by {plain(shown.closed['by'])} on {theme.moment(dt.datetime.fromisoformat(shown.closed['at']), year=True)}. Its scorecard no longer changes."
            )
        elif not shown.is_whole:
            st.markdown(
                f":gray[{shown.weeks:d} of its weeks are known. It can be closed once its last week is imported.]"
            )
        elif person.may("review"):
            note = st.text_input("Note for the record", key="close_note")
            sure = st.checkbox("Keep the scorecard as it is now for good", key="sure")
            if st.button("Close the quarter", type="primary", disabled=not sure):
                frame.do(space.quarters.close, person.id, shown.quarter, note=note)
        else:
            st.caption("Leadership closes the quarter.")
        with st.container(horizontal=True):
            download.button(
                "The pack for the board (PDF)",
                lambda: leaving.as_print(board_pack.as_pdf(space, person.id, shown.quarter)),
                f"scorecard-{shown.quarter}.pdf",
            )  # fmt: skip
            download.button(
                "The same as a page (HTML)",
                lambda: leaving.as_document(board_pack.as_html(space, person.id, shown.quarter)),
                f"scorecard-{shown.quarter}.html",
            )  # fmt: skip


def page() -> None:
    frame.watch_rows([])
    space, person = frame.workspace(), frame.me()
    if not measures.ready("Review"):
        return
    head = st.container()
    bar = st.columns([2, 9], vertical_alignment="bottom")
    with bar[0]:
        quarter = measures.which_quarter()
    with bar[1]:
        step = frame.steps("Agenda", STEPS, key="step")
    shown = measures.card(quarter)
    left = sum(not d["done"] for d in space.quarters.decisions())
    state = "closed" if shown.closed else ("ready to close" if shown.is_whole else "under way")
    met = sum(shown.is_met(k) is True for k in HEADLINES)
    with head:
        frame.title(
            "Review",
            f"**{plain(quarter_label(quarter))} is {state}.** {met} of {len(HEADLINES)} shared targets met · "
            f"{theme.plural(len(shown.findings), 'finding')} · {theme.plural(left, 'open decision')} from earlier reviews.",
        )
    match step:
        case "open":
            open_decisions(space, person)
        case "card":
            headline(shown)
        case "causes":
            causes(shown)
        case "policy":
            process(space, person, shown)
        case "outlook":
            ahead(space)
        case _:
            decide(space, person, shown)


page()

"""Schedules: what Concord does by itself, when, and what became of it the last time."""

import streamlit as st

from data.schedule_runs import ScheduleRun
from forecasting.governance import addresses
from forecasting.governance.schedules import Does, Schedule
from forecasting.governance.timetable import DAYS, EVERY_DAY
from forecasting.rights import Person
from pages.components import frame, theme
from pages.components.text import Markdown, ours, plain

WIDTH = 760
_SIGNS = {
    "done": "✓ Done",
    "failed": "● Failed",
    "cut": "● Cut short",
    "running": "◔ Under way",
}


def finding(schedules: list[Schedule]) -> Markdown:
    space = frame.workspace()
    if not schedules:
        return ours("**Nothing is done by itself yet.**")
    failed = len(space.schedules.failures)
    parts = [f"**{theme.plural(len(schedules), 'schedule')}**"]
    parts.append(f"{theme.number(failed)} failed the last time" if failed else "all went well")
    nexts = [at for one in schedules if (at := space.schedules.next_run(one)) is not None]
    if nexts:
        parts.append(f"next at {theme.moment(min(nexts))}")
    return ours(" · ".join(parts))


def outcome(run: ScheduleRun | None) -> Markdown:
    """What became of it the last time, in words."""
    if run is None:
        return ours(":gray[Has not run yet]")
    when = theme.moment(run.ended or run.begun)
    sign = plain(_SIGNS.get(run.state, run.state))
    coloured = f":red[{sign}]" if run.state in ("failed", "cut") else sign
    return ours(f"{coloured} {when} · {plain(run.told)}" if run.told else f"{coloured} {when}")


def origin_of(one: Schedule) -> str:
    """Where the files of a schedule come from; '' where it reads none."""
    folder = one.options.get("folder", "")
    if not folder:
        return one.options.get("from", "")
    incoming = "the folder for incoming files"
    return incoming if folder == "." else f"{folder} in {incoming}"


def one_schedule(one: Schedule, person: Person) -> None:
    space = frame.workspace()
    may = person.may("schedule") and person.may(one.does.right)
    with st.container(border=True, key=f"schedule_{one.seq}"):
        row = st.columns([6, 3], vertical_alignment="top")
        with row[0]:
            st.markdown(
                f"**{plain(one.name)}** · {plain(one.does.label)} · {plain(one.when)} "
                f":gray[{theme.zone()}]"
            )
            last = space.schedules.last(one.name)
            st.markdown(outcome(last))
            at = space.schedules.next_run(one)
            maker = space.person(one.person)
            gone = (
                ""
                if not maker.has_left
                else " :red[They have no access any more: it does not run.]"
            )
            following = ours("Paused") if at is None else ours(f"Next at {theme.moment(at)}")
            told = f" · from {plain(origin)}" if (origin := origin_of(one)) else ""
            st.caption(f"{following} · under the rights of {plain(maker.name)}{gone}{told}")
        with row[1].container(horizontal=True, horizontal_alignment="right"):
            if st.button("Run now", key=f"run_{one.seq}", disabled=not may):
                frame.do(space.schedules.run_now, person.id, one.name)
            if st.button(
                "Go on" if one.paused else "Pause", key=f"pause_{one.seq}", disabled=not may
            ):
                frame.do(space.schedules.pause, person.id, one.name, paused=not one.paused)
            if st.button("Remove", key=f"remove_{one.seq}", disabled=not may, type="tertiary"):
                frame.do(space.schedules.remove, person.id, one.name)
        runs = space.schedules.runs(one.name)[1:11]
        if runs:
            with st.expander(f"Before that: {theme.plural(len(runs), 'run')}"):
                for run in runs:
                    st.markdown(outcome(run))


def options_of(does: Does, person: Person) -> dict[str, str]:
    """What a schedule is told besides its time."""
    if does is Does.IMPORT:
        return _origin(person)
    if does is Does.REFRESH:
        full = st.checkbox("Fit everything, not only what changed")
        return {"full": "yes" if full else ""}
    if does is Does.REPLAY:
        last = st.number_input("Past weeks to walk", 1, 104, 26)
        return {"last": f"{last:d}"}
    st.caption("Everybody who asked for a daily or weekly digest is sent what needs them.")
    return {}


def _origin(person: Person) -> dict[str, str]:
    space = frame.workspace()
    kinds = ["Folder for incoming files", "Address or other folder", "Database"]
    if not person.may("schedule from an address"):
        kinds = kinds[:1]
    kind = st.radio("Files come from", kinds, horizontal=True)
    given: dict[str, str] = {}
    if kind == kinds[0]:
        given["folder"] = st.text_input(
            "Folder within it", ".", help="'.' is the whole folder that the server names."
        )
        if not addresses.has_incoming():
            st.caption(
                f"The server names no such folder yet ({plain(addresses.INCOMING)}). Whoever runs it "
                "can, or Admin chooses another place."
            )
    elif kind == "Database":
        given["from"] = st.text_input(
            "Database", placeholder="postgresql+psycopg://reader:{secret}@host/name",
            help="As SQLAlchemy names it; {secret} stands where the password belongs.",
        )  # fmt: skip
        given["statement"] = st.text_area("SQL that answers with the rows")
        given["table"] = st.text_input("Our table that the rows are", placeholder="sales")
    else:
        given["from"] = st.text_input(
            "Address", placeholder="/srv/incoming, s3://bucket/folder, https://host/sales.csv"
        )
    if kind != kinds[0]:
        given["secret"] = st.text_input(
            "Where the server keeps the secret", placeholder="env:CONCORD_SECRET_NAME",
            help="Its place, never the secret itself: everybody can read schedules.",
        )  # fmt: skip
    sources = [source.name for source in space.sources.all]
    if sources:
        chosen = st.selectbox(
            "Read by", ["", *sources],
            format_func=lambda s: s or "file names: each is named after its table",
        )  # fmt: skip
        given["source"] = str(chosen or "")
    return given


def add(person: Person) -> None:
    st.header("Add or change", anchor=False)
    kinds = [does for does in Does if person.may(does.right)]
    does = st.segmented_control(
        "What it does", kinds, default=kinds[0], format_func=lambda d: plain(Does(d).label),
        required=True,
    )  # fmt: skip
    with st.container(border=True, width=WIDTH):
        name = st.text_input("Name", help="A schedule of the same name gives way.")
        at = st.text_input("At", "03:15", width=120, help="Time of day, like 03:15 or 22:00.")
        days = st.pills(
            "On", list(EVERY_DAY), default=list(EVERY_DAY), selection_mode="multi",
            format_func=lambda day: plain(DAYS[day]),
        )  # fmt: skip
        given = options_of(Does(does or kinds[0]), person)
        st.caption(
            f"By the company's clocks ({theme.zone()}), one schedule at a time, under your "
            "rights as they are when it runs. What is missed while Concord is not running is "
            "caught up once."
        )
        if st.button("Save", type="primary"):
            frame.do(
                frame.workspace().schedules.save, person.id, name, Does(does or kinds[0]),
                at=at, days=[int(day) for day in days], options=given,
            )  # fmt: skip


def page() -> None:
    space, person = frame.workspace(), frame.me()
    frame.watch_rows(None)
    schedules = space.schedules.all
    frame.title("Schedules", finding(schedules))
    for one in schedules:
        one_schedule(one, person)
    if person.may("schedule"):
        add(person)
    else:
        st.caption("Planning and Admin make schedules.")


page()

"""Data: files in, judged before anything is written; and the forecast refreshed."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from data import files, leaving
from data.files import Judged
from data.leaving import Leaving
from data.tables import TABLES
from forecasting import scratch
from forecasting.consensus.events import Event
from forecasting.consensus.events.proposals import holders
from forecasting.consensus.events.record import Imported
from forecasting.errors import BadFiles, ConcordError, Problem
from forecasting.intake import checks
from forecasting.intake.oddities import Oddity
from forecasting.intake.sources import Mapped
from forecasting.rights import Person
from forecasting.workspace import Workspace
from pages.components import download, frame, own_form, picked, text, theme, written
from pages.components.text import plain


@st.cache_data
def templates() -> Leaving:
    """Every template and the guide to columns, zipped."""
    with scratch.folder("templates") as folder:
        return leaving.as_archive(files.write_templates(folder))


def saved(uploads: Sequence[UploadedFile]) -> list[Path]:
    """Uploaded files in a folder of this session, under their own names."""
    if "uploads" not in st.session_state:
        st.session_state["uploads"] = scratch.lasting("upload")
    folder: Path = st.session_state["uploads"]
    ids = [upload.file_id for upload in uploads]
    if st.session_state.get("saved", ([], []))[0] == ids:  # large ones are not written twice
        kept: list[Path] = st.session_state["saved"][1]
        return kept
    for old in folder.iterdir():
        old.unlink()
    paths = []
    for upload in uploads:
        path = folder / picked.file_name(upload.name)
        path.write_bytes(upload.getbuffer())
        paths.append(path)
    st.session_state["saved"] = (ids, paths)
    return paths


def problems_table(problems: Sequence[Problem]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "File": [p.file for p in problems],
            "Line": [p.line for p in problems],
            "Column": [p.column for p in problems],
            "Found": [p.found for p in problems],
            "Expected": [p.expected for p in problems],
            "Lines like it": [p.count for p in problems],
        }
    )


def previewed(
    space: Workspace,
    person: Person,
    paths: Sequence[Path],
    mapped: Sequence[Mapped],
    uploads: Sequence[UploadedFile],
) -> Judged:
    """What would be imported, read once: until files, sources or the data are others."""
    key = (
        person.id, space.seq, tuple(u.file_id for u in uploads),
        tuple((one.path.name, repr(one.shape)) for one in mapped),
    )  # fmt: skip
    had = st.session_state.get("previewed")
    if had is None or had[0] != key:
        had = (key, space.preview_import(person.id, paths, mapped=mapped))
        st.session_state["previewed"] = had
    judged: Judged = had[1]
    return judged


def report(judged: Judged) -> None:
    """What would be imported, what is wrong with it, and what it does to what is signed."""
    columns = ["Table", "File", "Read", "Accepted", "Refused", "Proposed", "Remarks"]
    written.dataframe(
        pd.DataFrame(
            {
                "Table": [v.table for v in judged.verdicts],
                "File": [v.label for v in judged.verdicts],
                "Read": [v.read for v in judged.verdicts],
                "Accepted": [v.accepted for v in judged.verdicts],
                "Refused": [v.rejected for v in judged.verdicts],
                "Proposed": [judged.held.get(v.table, 0) for v in judged.verdicts],
                "Remarks": ["; ".join(v.notes) for v in judged.verdicts],
            }
        ),
        hide_index=True,
        column_order=[c for c in columns if c != "Proposed" or judged.held],
    )
    if judged.held:
        proposed(judged)
    problems = judged.all_problems
    if problems:
        count = sum(p.count for p in problems)
        st.error(f"**{theme.plural(count, 'problem')}.** {plain(problems[0])}")
        written.dataframe(problems_table(problems), hide_index=True)
    for line in judged.notes:
        st.info(plain(line))
    for line in judged.concerns:
        st.warning(plain(line))


def proposed(judged: Judged) -> None:
    """What of it is not imported but proposed, because it changes what was signed."""
    count = len(judged.proposed)
    st.info(
        f"**{theme.plural(judged.at_once, 'row is', 'rows are')} imported at once; "
        f"{theme.plural(count, 'activation becomes a proposal', 'activations become proposals')} to "
        f"{plain(holders('signed calendar'))}**, because what was signed counts "
        f"{'it' if count == 1 else 'them'}. Nothing signed changes until they accept."
    )
    with st.expander("What would be proposed"):
        st.markdown("\n".join(f"- {plain(line)}" for line in judged.proposed[:40]))
        if count > 40:
            st.caption(f"{theme.number(count - 40)} more.")


def importing(space: Workspace, person: Person) -> None:
    st.header("Import files", anchor=False)
    uploads = st.file_uploader(
        "CSV, XLSX or Parquet: your own exports, or files named after our tables", accept_multiple_files=True,
        type=["csv", "parquet", "xlsx"], key=f"files_{st.session_state.get('round', 0)}",
    )  # fmt: skip
    download.button(
        "Download templates of all tables (ZIP)", lambda: templates(),
        "concord-templates.zip",
    )  # fmt: skip
    if not uploads:
        st.caption(
            f"Tables: {', '.join(plain(t) for t in TABLES)}. Blank means unknown, which is not zero."
        )
        return
    paths = saved(uploads)
    plain_files, foreign = own_form.parted(paths)
    mapped, open_ends = own_form.mapped(space, person, foreign, [u.file_id for u in uploads])
    if open_ends or not (plain_files or mapped):
        return
    try:
        with st.spinner("Reading and checking; nothing is written yet ..."):
            judged = previewed(space, person, plain_files, mapped, uploads)
    except BadFiles as error:
        st.error("**Nothing was imported.** These files cannot be used as they are.")
        written.dataframe(problems_table(error.problems), hide_index=True)
        return
    except ConcordError as error:
        frame.refused(error)
        return
    report(judged)
    own_form.offer(judged.all_problems, plain_files)
    if (allow_rejects := asked_to_import(judged)) is None:
        return
    try:
        with st.spinner("Importing ..."):
            event, done = space.import_files(
                person.id, plain_files, mapped=mapped, allow_rejects=allow_rejects
            )
    except ConcordError as error:
        frame.refused(error)
        return
    st.session_state["round"] = st.session_state.get("round", 0) + 1
    st.session_state["imported"] = imported(event, done)
    st.rerun()


def asked_to_import(judged: Judged) -> bool | None:
    """Whether it is to be written without its bad rows; None: it is not to be written."""
    problems = judged.all_problems
    nothing = not sum(v.accepted for v in judged.verdicts)
    changes = theme.plural(len(judged.proposed), "change")
    asked = f", propose {changes}" if judged.proposed else ""
    with st.container(horizontal=True):
        if st.button(
            f"Import {theme.plural(judged.at_once, 'row')}{asked}", type="primary",
            disabled=bool(problems) or nothing,
        ):  # fmt: skip
            return False
        if (
            problems
            and not judged.problems
            and st.button(
                f"Import only the {theme.plural(judged.at_once, 'good row')}{asked}",
                disabled=nothing,
            )
        ):
            return True
    return None


def imported(event: Event, judged: Judged) -> str:
    """What was imported and proposed, in words."""
    told = event.told(Imported)
    text = f"Imported {told.summary} (batch #{event.seq}). Refresh the forecast to use it."
    text = " ".join((text, *judged.notes))
    if not told.proposed:
        return text
    changes = theme.plural(told.proposed, "change")
    return (
        f"{text} Proposed to {holders('signed calendar')}: {changes}; Home says what becomes of "
        "them."
    )


@st.fragment(run_every=1)
def refresh_progress(space: Workspace) -> None:
    if frame.follow(space.runs.refreshing, "refreshing the forecast"):
        st.caption("Everybody goes on reading and editing meanwhile.")


def refreshing(space: Workspace, person: Person) -> None:
    st.header("Forecast", anchor=False)
    if space.has_forecast:
        base = space.plan.base
        facts = space.runs.facts()
        st.markdown(
            f"In force: run #{base.run:d}, as of {theme.week(base.as_of)}, "
            f"{theme.number(facts.get('series', 0))} series from "
            f"{theme.number(facts.get('weeks', 0))} weeks, "
            f"{theme.number(facts.get('series_fitted', 0))} of them fitted anew in "
            f"{theme.number(facts.get('seconds', 0), digits=1)} s."
        )
    else:
        st.info("No forecast yet.")
    if person.may("refresh"):
        if st.button(
            "Refresh the forecast",
            type="primary",
            disabled=space.runs.refreshing.progress is not None,
        ):
            try:
                space.runs.start_refresh(person.id)
            except ConcordError as error:
                frame.refused(error)
            else:
                st.session_state["refresh running"] = True
    else:
        st.caption("Planning or Admin refreshes the forecast.")
    refresh_progress(space)


def odd(space: Workspace, person: Person) -> None:
    """What looks odd in the data, what moves most units first; each until somebody accepts it."""
    every = space.oddities.every(person.id)
    open_ = [one for one in every if not space.oddities.is_accepted(one)]
    rest = [one for one in every if space.oddities.is_accepted(one)]
    if open_:
        st.header("What looks odd in this data", anchor=False)
        chosen = odd_table(open_)
        with st.container(border=True):
            st.markdown(
                f"**{plain(chosen.title)}: {plain(chosen.subject)}** · {theme.number(chosen.count)} · "
                f"{plain(chosen.example)}"
            )
            assumed, todo = st.columns(2, gap="medium")
            assumed.markdown(f"**What is assumed.** {plain(chosen.assumed)}")
            todo.markdown(f"**What to do.** {plain(chosen.todo)}")
            accepting(space, person, chosen)
    if rest:
        with st.expander(f"{theme.plural(len(rest), 'thing', 'things')} accepted by name"):
            for one in rest:
                accepted(space, person, one)


def odd_table(found: Sequence[Oddity]) -> Oddity:
    """All of them in one table; returns the one that is looked at."""
    about = str(st.query_params.get("odd", ""))
    named = next((n for n, one in enumerate(found) if concerns(one, about)), 0)
    event = written.dataframe(
        pd.DataFrame(
            {
                "What looks odd": [one.title for one in found],
                "Where": [one.subject for one in found],
                "Count": [one.count for one in found],
                "May move, u": [one.weight for one in found],
                "For example": [one.example for one in found],
            }
        ),
        hide_index=True, height=written.height(len(found), most=8), on_select="rerun",
        selection_mode="single-row", key="odd", alt="What looks odd, what moves most units first",
        column_config={
            "What looks odd": st.column_config.TextColumn(width="medium"),
            "Where": st.column_config.TextColumn(width="small"),
            "Count": st.column_config.NumberColumn(format="localized", width="small"),
            "May move, u": st.column_config.NumberColumn(
                format="localized", width="small", step=1,
                help="Sales of 13 weeks, stock, orders or plan that it concerns, in units.",
            ),
        },
    )  # fmt: skip
    st.caption("Choose a row to see what is assumed and what to do.")
    row = picked.row(event, len(found))
    return found[named if row is None else row]


def concerns(one: Oddity, name: str) -> bool:
    """Whether it is what a mark on another page led here for."""
    return any(one.is_about(what, name) for what in ("activation", "sku", "door"))


def accepting(space: Workspace, person: Person, one: Oddity) -> None:
    if not person.may("accept what is odd"):
        st.caption("Planning or Admin mends the files, or accepts it by name.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        note = st.text_input(
            "Why it can stay as it is", key=f"odd note {one.key}",
            placeholder="It is as it should be, because ...",
        )  # fmt: skip
        if st.button("Accept it"):
            frame.do(space.oddities.accept, person.id, one.key, note=note)


def accepted(space: Workspace, person: Person, one: Oddity) -> None:
    taken = space.oddities.accepted(one.key)
    row = st.container(horizontal=True, vertical_alignment="center")
    if taken is not None:
        who = space.person(taken.person).name
        row.markdown(
            f"{plain(one.title)}: **{plain(one.subject)}** ({theme.number(one.count)}) · "
            f"{plain(who)}: {plain(taken.note)}"
        )
    if person.may("accept what is odd") and row.button(
        "Show again", key=f"odd again {one.key}"
    ):
        frame.do(space.oddities.show_again, person.id, one.key)


def batches(space: Workspace, person: Person) -> None:
    st.header("Imports", anchor=False)
    rows = space.store.query("batches")
    if rows.empty:
        st.info("Nothing has been imported yet. Start with the templates.")
        return
    rows["person"] = rows["person"].map({p.id: p.name for p in space.people})
    written.dataframe(
        rows.assign(
            recorded_at=theme.local(rows["recorded_at"].dt.to_pydatetime()),
            rolled_back=rows["rolled_back"].map({True: "rolled back", False: "in force"}),
        ),
        hide_index=True,
        column_config={
            "batch": "#", "recorded_at": st.column_config.DatetimeColumn(f"When ({theme.zone()})", format=theme.moment_format()),
            "person": "Who", "summary": "What", "rolled_back": "State",
        },
    )  # fmt: skip
    live = rows[~rows["rolled_back"]]["batch"].astype(int).tolist()
    if person.may("import") and live:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            batch = st.selectbox("Import", live, format_func=lambda b: f"#{b}", width=120)
            if st.button("Roll it back"):
                st.session_state["confirm_batch"] = batch
        if st.session_state.get("confirm_batch") == batch:
            st.warning(
                f"Rolling back #{plain(batch)} takes its rows out of force. They stay on record."
            )
            if st.button(f"Yes, roll back #{plain(batch)}", type="primary"):
                space.roll_back(person.id, batch)
                st.session_state["confirm_batch"] = None
                st.rerun()


def page() -> None:
    space, person = frame.workspace(), frame.me()
    frame.watch_rows([])
    complete = space.runs.complete()
    last = complete.week
    known = (
        "No sales are in yet."
        if last is None
        else f"**Sales are in up to {theme.week(last)}.**"
    )
    if complete.running:
        open_weeks = ", ".join(theme.week(one.week) for one in complete.running)
        known += f" Not over by its sales, and left out: {open_weeks}."
    stale = (
        " The forecast is older than the sales: refresh it."
        if space.has_forecast and last is not None and last > space.plan.base.as_of
        else ""
    )
    frame.title("Data", known + stale)
    message = st.session_state.pop("imported", None)
    if message:
        st.success(plain(message))
    odd(space, person)
    left, right = st.columns([3, 2], gap="large")
    with left:
        if person.may("import the calendar"):
            if not person.may("import"):
                st.caption(
                    "Marketing imports its calendar here: activations, and their SKUs. What would "
                    "change a signed consensus is proposed to Planning."
                )
            importing(space, person)
        else:
            st.caption(
                f"{plain(person.function.label)} reads. Planning or Admin imports files."
            )
        batches(space, person)
    with right:
        refreshing(space, person)
        with st.expander("What each column means"):
            st.markdown(text.of_files(files.columns_guide() + checks.chapter()))


page()

"""Files in a company's own form, on the Data page: read like this, asked, kept as a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from data.looking import Look, Question
from data.shapes import NAME, REPLACES, VALUE, Reading
from data.tables import TABLES
from forecasting import scratch
from forecasting.errors import BadFiles, ConcordError
from forecasting.intake import dialogue, matching
from forecasting.intake.dialogue import FileSaid
from forecasting.intake.proposals import Proposal
from forecasting.intake.sources import CALENDAR, Mapped, Source
from forecasting.rights import Person
from forecasting.workspace import Workspace
from pages.components import frame
from pages.components.text import plain

ANEW = "As a new source"
JOINS = "It is looked up by another file"
NONE = "(nothing)"


def parted(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Files that are named after our tables, and all others."""
    ours = [p for p in paths if p.stem in TABLES or p.name.lower().startswith("concord")]
    return ours, [p for p in paths if p not in ours]


def mapped(
    space: Workspace, person: Person, paths: Sequence[Path], ids: Sequence[str]
) -> tuple[list[Mapped], bool]:
    """Each file with the shape it is read by; and whether something is open still."""
    found: list[Mapped] = []
    is_open = False
    seconds = [p for p in paths if st.session_state.get(f"source {p.name}") == JOINS]
    for path in paths:
        with st.container(border=True):
            chosen = _chosen(space, person, path, is_alone=len(paths) == 1)
            if chosen == JOINS:
                continue
            if chosen == ANEW:
                one = _anew(space, person, path, seconds, tuple(ids))
            else:
                one = _known(space, person, path, seconds, chosen)
        is_open |= one is None
        if one is not None:
            found.append(one)
    return found, is_open


def _chosen(space: Workspace, person: Person, path: Path, *, is_alone: bool) -> str:
    """The source by which a file is to be read, or what else is done with it."""
    st.markdown(f"**{plain(path.name)}**")
    known = [s for s in space.sources.all if person.may("import") or s.shape.table in CALENDAR]
    names = [ANEW, *(s.name for s in known), *([] if is_alone else [JOINS])]
    key, kept = f"source {path.name}", st.session_state.pop(f"kept {path.name}", None)
    if kept in names:
        st.session_state[key] = kept
    elif st.session_state.get(key, ANEW) not in names:
        del st.session_state[key]
    usual = _usual(known, path)
    first = names.index(usual) if usual in names and key not in st.session_state else 0
    chosen = st.selectbox(
        "Read it", names, index=first, key=key,
        help="A source is how a file of your own form is read, confirmed once and kept.",
    )  # fmt: skip
    return str(chosen)


def _known(
    space: Workspace, person: Person, path: Path, seconds: Sequence[Path], name: str
) -> Mapped | None:
    """A file that is read by a source, as it was confirmed."""
    source = space.sources.one(name)
    st.caption(plain(source.sentence))
    if st.button("Forget this source", key=f"forget {path.name}"):
        frame.do(space.sources.remove, person.id, name)
    if source.shape.join is None:
        return Mapped(path=path, shape=source.shape)
    if not seconds:
        st.warning(
            f"This source looks up '{plain(source.shape.join.name)}' too: add that file, and "
            f"choose for it '{JOINS}'."
        )
        return None
    return Mapped(path=path, shape=source.shape, second=_second(path, seconds))


def _second(path: Path, seconds: Sequence[Path]) -> Path:
    if len(seconds) == 1:
        return seconds[0]
    named = st.selectbox("Look up in", [p.name for p in seconds], key=f"second {path.name}")
    return next(p for p in seconds if p.name == named)


def _usual(known: Sequence[Source], path: Path) -> str:
    """The source whose name the file begins with."""
    mine = [s.name for s in known if path.stem.lower().startswith(s.name.lower())]
    return max(mine, key=len, default=ANEW)


def _look(
    space: Workspace, person: Person, path: Path, ids: tuple[str, ...], reading: Reading
) -> Look:
    """What stands in a file: read once for each upload and way of reading."""
    kept: dict[tuple[object, ...], Look] = st.session_state.setdefault("looks", {})
    key = (person.id, path.name, ids, reading)
    if key not in kept:
        with st.spinner("Reading the file ..."):
            folder = scratch.lasting("look")
            kept.clear() if len(kept) > 20 else None
            kept[key] = space.sources.look(person.id, path, folder, reading=reading)
    return kept[key]


def _anew(
    space: Workspace, person: Person, path: Path, seconds: Sequence[Path], ids: tuple[str, ...]
) -> Mapped | None:
    """A file that no source is known for: shown as it is read, and asked about."""
    answers: dict[str, str] = st.session_state.setdefault(f"answers {path.name} {ids}", {})
    second = _second(path, seconds) if seconds else None
    try:
        reading = dialogue.reading_of(answers)
        look = _look(space, person, path, ids, reading)
        other = _look(space, person, second, ids, Reading()) if second else None
    except BadFiles as error:
        st.error("\n\n".join(plain(p) for p in error.problems))
        return None
    except ConcordError as error:
        frame.refused(error)
        return None
    st.caption(f"Read like this: {plain(look.sentence)}.")
    st.dataframe(
        pd.DataFrame(look.sample, columns=list(look.header)), hide_index=True,
        alt=f"The first rows of {path.name}",
    )  # fmt: skip
    said = _said(person, look, path, answers, _on(look, other, path))
    try:
        proposal = dialogue.proposed(look, said, other=other)
        columns, constants = _columns(look, other, proposal, path)
        said = replace(said, columns=columns, constants=constants)
        proposal = dialogue.proposed(look, said, other=other)
    except ConcordError as error:
        frame.refused(error)
        return None
    for line in proposal.said:
        st.caption(plain(line))
    made = _settled(space, person, path, proposal, answers)
    return replace(made, second=second, read=look) if made is not None else None


def _on(look: Look, other: Look | None, path: Path) -> str:
    """The columns by which a second file joins, as the command line would say it."""
    if other is None:
        return ""
    same = next((name for name in look.header if name in other.header), None)
    left, right = st.columns(2)
    theirs = left.selectbox(
        "Look up its", list(look.header), index=look.header.index(same) if same else 0,
        key=f"left {path.name}",
    )  # fmt: skip
    its = right.selectbox(
        f"in {plain(other.label)} as", list(other.header),
        index=other.header.index(same) if same else 0, key=f"right {path.name}",
    )  # fmt: skip
    return f"{theirs}={its}"


def _said(
    person: Person, look: Look, path: Path, answers: Mapping[str, str], on: str
) -> FileSaid:
    """What the person says of a file beside its columns, as the command line would say it."""
    tables = [t for t in TABLES if person.may("import") or t in CALENDAR]
    likely = next((t for t in matching.ranked(look) if t in tables), tables[0])
    left, right = st.columns(2)
    table = left.selectbox(
        "It holds", tables, index=tables.index(likely),
        key=f"table {path.name} {look.reading.sheet} {look.reading.header}",
        help="Proposed by the names of its columns and by what stands in them.",
    )  # fmt: skip
    ways = [way for way in REPLACES if way != "dates" or TABLES[table].is_dated]
    replaces = right.selectbox(
        "It replaces", ways, format_func=lambda way: REPLACES[way].capitalize(),
        key=f"replaces {path.name} {table}",
        help="Which rows of earlier imports give way to the rows of this file.",
    )  # fmt: skip
    return FileSaid(
        table=table,
        read=tuple(f"{key}={choice}" for key, choice in answers.items()),
        replaces=replaces if replaces != "key" else "",
        on=on,
    )


def _columns(
    look: Look, other: Look | None, proposal: Proposal, path: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Our columns beside theirs, to be confirmed; as the command line would say them."""
    table = TABLES[proposal.shape.table]
    fields = {f.target: f for f in proposal.shape.fields}
    rows = pd.DataFrame(
        {
            "Ours": [c.name + ("*" if c.required else "") for c in table.columns],
            "In the file": [
                fields[c.name].column if c.name in fields else NONE for c in table.columns
            ],
            "Or the same in every row": ["" for _ in table.columns],
            "What it is": [c.about for c in table.columns],
        }
    )
    theirs_all = list(look.header)
    if other is not None and proposal.shape.join is not None:
        theirs_all += [f"{proposal.shape.join.name}.{name}" for name in other.header]
    if proposal.shape.across:
        theirs_all += [NAME, VALUE]
    edited = st.data_editor(
        rows, hide_index=True, key=f"columns {path.name} {table.name}",
        disabled=["Ours", "What it is"],
        column_config={
            "Ours": st.column_config.TextColumn(width="small", help="* is required."),
            "In the file": st.column_config.SelectboxColumn(
                options=[NONE, *theirs_all], required=True
            ),
        },
    )  # fmt: skip
    st.caption(
        "Choose for each of our columns (* is required) the one of the file that holds it."
    )
    changed, constants = [], []
    for column, theirs, before, same in zip(
        table.columns, edited["In the file"], rows["In the file"],
        edited["Or the same in every row"],
        strict=True,
    ):  # fmt: skip
        if same:
            constants.append(f"{column.name}={same}")
        elif theirs != before:
            changed.append(f"{column.name}={'' if theirs in (NONE, None) else theirs}")
    return tuple(changed), tuple(constants)


def _settled(
    space: Workspace, person: Person, path: Path, proposal: Proposal, answers: dict[str, str]
) -> Mapped | None:
    """Questions answered and the source kept; None while something is open."""
    asked: dict[str, Question] = st.session_state.setdefault(f"asked {path.name}", {})
    asked |= {question.key: question for question in proposal.questions}
    if proposal.questions:
        st.info(
            "The file can be read in more than one way, so none is taken. Say how it is meant:"
        )
    for key in [key for key in asked if key in answers or asked[key] in proposal.questions]:
        choice = _answer(asked[key], answers.get(key), path)
        if choice is not None and choice != answers.get(key):
            answers[key] = choice
            st.rerun()
    if proposal.missing:
        st.warning(
            f"Still to be said: {plain(', '.join(proposal.missing))}. Choose the column that "
            "holds it, or write what is the same in every row."
        )
    if proposal.questions or proposal.missing:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Keep it as", value=path.stem[:60], key=f"name {path.name}",
            help="The next file whose name begins with this is read the same way.",
        )  # fmt: skip
        if st.button("Keep this source", key=f"keep {path.name}"):
            frame.do(
                space.sources.save, person.id, name, proposal.shape,
                then=lambda: st.session_state.update({f"kept {path.name}": name.strip()}),
            )  # fmt: skip
    return Mapped(path=path, shape=proposal.shape)


def _answer(question: Question, had: str | None, path: Path) -> str | None:
    """What is chosen for a question; None: nothing yet."""
    key = f"ask {path.name} {question.key}"
    if question.key.startswith("factor:"):
        count = st.number_input(
            plain(question.about), min_value=1, step=1, value=int(had) if had else None, key=key,
            help="1 if it counts single units already.", width=340,
        )  # fmt: skip
        return None if count is None else str(count)
    means = dict(question.choices)
    return st.radio(
        plain(question.about), list(means), index=list(means).index(had) if had in means else None,
        format_func=lambda choice: plain(means[choice]), key=key,
    )  # fmt: skip

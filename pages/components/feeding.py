"""The route by which calendar programs read the marketing calendar, and the links to it."""

import asyncio

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from data.leaving import Leaving
from forecasting.errors import ConcordError
from forecasting.outputs import feed
from forecasting.outputs.post import Ways
from forecasting.vocabulary import Function
from pages.components import frame
from pages.components.text import plain


async def answer(request: Request) -> Response:
    """The calendar of a link; who asks is not asked back, the link is the key."""
    secret = str(request.path_params["secret"])
    try:
        found: Leaving | None = await asyncio.to_thread(
            lambda: feed.calendar_of(frame.workspace(), secret)
        )
    except ConcordError as error:
        return PlainTextResponse(f"{error}\n", 503, headers={"retry-after": "60"})
    if found is None:
        return PlainTextResponse("Not found\n", 404)
    return Response(
        bytes(found), media_type="text/calendar; charset=utf-8",
        headers={"cache-control": "private, max-age=300"},
    )  # fmt: skip


def route(base: str) -> Route:
    """Below the app's own path.

    Parameters
    ----------
    base : str
        '' or '/path'.
    """
    return Route(f"{base}/calendar/{{secret}}.ics", answer)


def links() -> None:
    """The own links, and a new one."""
    space, person = frame.workspace(), frame.me()
    mine = space.feeds.of(person.id)
    with st.expander("In your calendar program", icon=":material/calendar_month:"):
        made = st.session_state.pop("feed made", None)
        if made:
            st.markdown(
                "**Copy this address now**; it is not shown again. Whoever has it may read."
            )
            st.text_input("Address", made, key=f"feed_{len(mine)}")
        for one in mine:
            with st.container(horizontal=True, vertical_alignment="center"):
                what = one.function.label if one.function else "Every function"
                klass = one.klass or "all classes"
                st.markdown(
                    f"**{plain(one.name)}** · {plain(what)}, {plain(klass)}", width="content"
                )
                if st.button("Revoke", key=f"revoke_{one.seq}", type="tertiary"):
                    frame.do(space.feeds.revoke, person.id, one.name)
        classes = sorted(set(space.plan.base.skus["class"].astype(str)))
        with st.form("feed", border=False, width=560):
            name = st.text_input("Name", placeholder="My calendar")
            function = st.selectbox(
                "What it shows", [None, *Function],
                format_func=lambda f: f"What {Function(f).label} has to decide" if f else "All",
            )  # fmt: skip
            klass = st.selectbox("Class", ["", *classes], format_func=lambda c: c or "All")
            done = st.form_submit_button("Make a link")
        if done:
            try:
                secret = space.feeds.make(
                    person.id, name, function=Function(str(function)) if function else None,
                    klass=str(klass),
                )  # fmt: skip
            except ConcordError as error:
                frame.refused(error)
                return
            st.session_state["feed made"] = f"{_base()}/calendar/{secret}.ics"
            st.rerun()


def _base() -> str:
    """The address under which browsers reach the app."""
    try:
        named = Ways.of_server().link
    except ConcordError:
        named = ""
    return named or str(st.context.url).split("/activations")[0].rstrip("/")

"""Who signed in at this browser, where the company signs in at all.

With a sign-in file (`[auth]`, docs/how-to/server.md) the identity provider says who somebody
is, and every click is judged anew: a sign-in that has ended, somebody who was taken out, a
group that brings another function count at the next click, in a button's callback as in a
page. Without one there is the chooser (remembered.py), on this computer only.
"""

import threading
import time
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from forecasting import operation
from forecasting.errors import NotAllowed
from forecasting.governance.audit import Noted
from forecasting.governance.sign_in import Arrival, SignedOut, SignInRules
from forecasting.rights import LOCAL_ADMIN, Person
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from pages.components import theme
from pages.components.text import plain

LOG = operation.log("sign_in")
SCRIPT = Path(__file__).parent / "signed.js"
_ENDED: dict[tuple[str, float], float] = {}
"""Sign-ins that were ended, by identity and beginning, and when they would have: other tabs of
the same browser still hold them."""
_LOCK = threading.Lock()
_LEAVES = "notes that somebody signed out"
"""Where the session keeps what notes it."""


@lru_cache(maxsize=1)
def rules() -> SignInRules | None:
    """The rules by which people sign in; None where they choose who they are.

    Read once: whoever looks is asked for many times in every run.
    """
    try:
        if "auth" not in st.secrets:
            return None
        found = st.secrets.get("concord", {})
    except StreamlitSecretNotFoundError:
        return None
    return SignInRules.read(dict(found))


def is_on() -> bool:
    """Whether people sign in."""
    return rules() is not None


def arrival() -> Arrival:
    """Who is signed in at this browser.

    Raises
    ------
    SignedOut
        If nobody is, or not any more.
    """
    by, claims = rules(), _claims()
    if by is None or not claims.get("is_logged_in"):
        raise SignedOut("Nobody is signed in.")
    found = by.arrival(claims)
    with _LOCK:
        if (found.identity, found.begun) in _ENDED:
            raise SignedOut("You signed out in another window.")
    return found


def _claims() -> Mapping[str, Any]:
    return st.user.to_dict()


def person(space: Workspace) -> Person:
    """Whoever signed in, as the ledger has them now.

    Raises
    ------
    SignedOut, NotAllowed
    """
    by = rules()
    assert by is not None, "asked for where nobody signs in"
    came = arrival()
    known = space.staff.arrive(came, by)
    key = f"signed in {came.identity} {came.begun}"
    if key not in st.session_state:
        st.session_state[key] = True
        LOG.info("signed_in", person=known.id, function=known.function.value)
        audit = space.desk.audit
        audit.note(Noted.SIGNED_IN, known.id, known.function.label, once=str(came.begun))
        st.session_state[_LEAVES] = partial(
            audit.note, Noted.SIGNED_OUT, known.id, "", once=str(came.begun)
        )
    return known


def sign_out() -> None:
    """End this sign-in, in every window of the browser."""
    try:
        came = arrival()
    except SignedOut:
        pass
    else:
        with _LOCK:
            now = time.time()
            for key in [key for key, until in _ENDED.items() if until < now]:
                del _ENDED[key]
            _ENDED[came.identity, came.begun] = came.until
        LOG.info("signed_out", identity=came.identity)
        st.session_state.get(_LEAVES, bool)()
    st.logout()


def gone(error: BaseException) -> bool | None:
    """Say that somebody is out where a button of theirs found it first; True: it was shown."""
    if not is_on() or not isinstance(error, SignedOut | NotAllowed):
        return None
    st.error(f"**{plain(error.title)}.** {plain(error)}")
    return True


def front(space: Workspace) -> None:
    """What somebody sees who is not in: the way in, or whom to ask."""
    by = rules()
    assert by is not None
    try:
        came = arrival()
        space.staff.arrive(came, by)
    except SignedOut as error:
        _way_in(str(error))
    except NotAllowed as error:
        LOG.warning("refused", why="no function", groups=len(came.groups))
        _stranger(space, by, came, str(error))


def _way_in(why: str) -> None:
    st.header("Sign in", anchor=False)
    if _claims().get("is_logged_in"):
        st.warning(plain(why))
    # The page asked for is kept by the browser while it is at the provider (signed.js).
    with st.container(key="concordsignin"):
        st.markdown("Concord knows you by your company's sign-in.")
        st.button("Sign in", type="primary", on_click=st.login)


def _stranger(space: Workspace, by: SignInRules, came: Arrival, why: str) -> None:
    st.header("You are not in Concord yet", anchor=False)
    st.markdown(f"You are signed in as **{plain(came.identity)}**. {plain(why)}")
    admins = [p for p in space.people if p.function is Function.ADMIN and p != LOCAL_ADMIN]
    whom = by.ask or ", ".join(f"{p.name} ({p.signs_in_as or p.id})" for p in admins)
    if whom:
        st.markdown(
            f"Ask **{plain(whom)}** to enter you, or to give one of your groups a function."
        )
    else:
        st.markdown("Ask whoever runs Concord to enter you under this name.")
    if by.hides_groups(_claims()):
        st.info(
            "Your identity provider left your groups out, because there are too many of them. "
            "An Admin can enter you by name."
        )
    st.caption(
        f"Your sign-in brings {theme.plural(len(came.groups), 'group', 'groups')}; none has a "
        "function in Concord."
    )
    st.button("Sign out", on_click=sign_out)

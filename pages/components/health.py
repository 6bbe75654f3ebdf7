"""What a proxy and a monitor ask: is it alive, may people come, how does it go.

`/livez` answers while the process does; `/readyz` once the database is open and the plan is
built; `/metrics` in Prometheus' form, to whoever brings the token of the sign-in file, or
from this computer where nobody signs in.
"""

import asyncio
import hmac
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prometheus_client import Gauge
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from forecasting import metering, operation
from forecasting.outputs.clockwork import Clockwork
from pages.components import frame, signed, warm

LOG = operation.log("serve")
_STATE = {"why": "Concord is opening its database and building the plan."}
"""Why people may not come yet; nothing once they may."""
WHEN_OPEN: list[Callable[[], None]] = []
"""Who else is told once they may."""
_SESSIONS = Gauge("concord_sessions", "Windows that are open now")
_LEDGER = Gauge("concord_ledger_events", "Number of the last event of the ledger")
_PLAN_AGE = Gauge("concord_plan_age_days", "Days since the last week that the forecast knows")
_JOBS = Gauge("concord_jobs_running", "Long work that is under way")


@asynccontextmanager
async def opening(_app: object) -> AsyncIterator[None]:
    """Open the workspace before the first person comes, beside the server that starts."""
    clockwork = Clockwork(frame.whole)
    threading.Thread(target=_open, args=(clockwork,), name="opening", daemon=True).start()
    yield
    clockwork.stop()


def _open(clockwork: Clockwork) -> None:
    # Streamlit misses a page around what is opened without one; there is none.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(
        "ERROR"
    )
    try:
        signed.rules()
        frame.whole()
    except Exception as error:  # told by /readyz, and to whoever comes
        _STATE["why"] = f"Concord cannot open its database: {type(error).__name__}."
        LOG.fault("not_ready", error)
    else:
        _STATE.clear()
        for tell in WHEN_OPEN:
            tell()
        clockwork.start()
        warm.up()


def livez(_: Request) -> Response:
    """The process answers."""
    return _answer("alive", 200)


def readyz(_: Request) -> Response:
    """People may come: the database is open, the plan is built."""
    why = _STATE.get("why")
    return _answer(why, 503) if why else _answer("ready", 200)


async def metrics(request: Request) -> Response:
    """How it goes, for a monitor that may know."""
    if not _may_read(request):
        return _answer("Not found", 404)
    return await asyncio.to_thread(_metrics)


def _may_read(request: Request) -> bool:
    rules = signed.rules()
    if rules is None:
        return request.client is not None and request.client.host in ("127.0.0.1", "::1")
    brought = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    token = rules.metrics_token
    return bool(token) and hmac.compare_digest(brought.encode(), token.encode())


def _metrics() -> Response:
    _SESSIONS.set(frame.presence().count())
    if "why" not in _STATE:
        space = frame.whole()
        _LEDGER.set(space.seq)
        jobs = (
            space.runs.refreshing, space.hindsight.backtesting, space.hindsight.replaying,
            space.quarters.summing,
        )  # fmt: skip
        _JOBS.set(sum(job.progress is not None for job in jobs))
        if space.has_forecast:
            _PLAN_AGE.set((space.desk.today - space.plan.base.as_of).days)
    return Response(
        metering.page(), media_type=metering.CONTENT_TYPE, headers={"cache-control": "no-store"}
    )


def _answer(text: str, status: int) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers={"cache-control": "no-store"})


def routes(base: str) -> list[Route]:
    """The three, below the app's own path.

    Parameters
    ----------
    base : str
        '' or '/path'.
    """
    return [
        Route(f"{base}/livez", livez),
        Route(f"{base}/readyz", readyz),
        Route(f"{base}/metrics", metrics),
    ]

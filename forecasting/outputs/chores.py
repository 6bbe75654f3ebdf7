"""What a schedule does when its time comes: the verbs that its maker has, as its maker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forecasting import scratch, write
from forecasting.errors import BadFiles, Refused
from forecasting.governance.schedules import Does, Schedule
from forecasting.intake import fetching
from forecasting.intake.sources import Mapped
from forecasting.outputs import inbox, post
from forecasting.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of it."""

    told: str
    mark: str = ""
    """What it worked on."""


def do(space: Workspace, schedule: Schedule) -> Done:
    """Carry a schedule out, under what its maker may do now.

    Raises
    ------
    Refused
        As the verbs do.
    """
    space.desk.allowed(schedule.person, schedule.does.right)
    return _CHORES[schedule.does](space, schedule)


def _import(space: Workspace, schedule: Schedule) -> Done:
    options = schedule.options
    if "from" in options:
        space.desk.allowed(schedule.person, "schedule from an address")
    with scratch.folder("fetched") as folder:
        bring = fetching.ask if "statement" in options else fetching.fetch
        found = bring(options, folder)
        mark = f"{schedule.seq}/{found.mark}"
        if space.schedules.is_last_mark(schedule.name, mark):
            return Done(told="Nothing new there since the last time.", mark=mark)
        mapped = []
        if "source" in options:
            shape = space.sources.one(options["source"]).shape
            mapped = [Mapped(path=path, shape=shape) for path in found.files]
        try:
            event, judged = space.import_files(
                schedule.person, [] if mapped else found.files, mapped=mapped
            )
        except BadFiles as error:
            raise Refused(_first(error)) from None
    files = "1 file" if len(found.files) == 1 else f"{len(found.files)} files"
    told = f"{files}, {write.number(judged.at_once)} rows (#{event.seq})."
    if judged.notes:
        told += f" {judged.notes[0]}"
    return Done(told=told, mark=mark)


def _first(error: BadFiles) -> str:
    """The first problem of files, and how many more there are."""
    more = len(error.problems) - 1
    rest = f" And {write.number(more)} more like it or others." if more else ""
    return f"Nothing was imported. {error.problems[0]}.{rest}"


def _refresh(space: Workspace, schedule: Schedule) -> Done:
    event = space.runs.refresh(schedule.person, full=bool(schedule.options.get("full")))
    space.quarters.sum_up()
    facts = event.body.write()
    fitted, all_ = facts.get("series_fitted"), facts.get("series")
    return Done(
        told=f"As of the week of {facts.get('as_of')}, {fitted} of {all_} series anew "
        f"(#{event.seq})."
    )


def _replay(space: Workspace, schedule: Schedule) -> Done:
    options = schedule.options
    made = space.hindsight.replay(
        schedule.person, weeks_ahead=int(options.get("weeks_ahead", 6)),
        last=int(options.get("last", 26)),
    )  # fmt: skip
    return Done(told=f"{write.number(len(made.rows))} past warnings judged.")


def _digest(space: Workspace, schedule: Schedule) -> Done:
    space.desk.allowed(schedule.person, "schedule")
    if not post.Ways.of_server().names:
        raise Refused(
            f"The server has no way to send messages ({post.SETTINGS}). Ask whoever runs it."
        )
    inbox.notice(space)
    sent, waits = post.deliver(space, now_too=True)
    if waits:
        raise Refused(f"{sent} sent; {waits} could not be sent and will be tried again.")
    return Done(told=f"{sent} sent.")


_CHORES: Mapping[Does, Callable[[Workspace, Schedule], Done]] = {
    Does.IMPORT: _import, Does.REFRESH: _refresh, Does.REPLAY: _replay, Does.DIGEST: _digest,
}  # fmt: skip

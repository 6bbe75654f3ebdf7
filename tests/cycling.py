"""Cycles under the rules that a test needs: leadership sets them, Planning opens."""

from forecasting.consensus.events import Event
from forecasting.workspace import Workspace


def open_cycle(
    space: Workspace, name: str, *, blind: bool = False, fence_weeks: int = 0, quorum: int = 3
) -> Event:
    rules = {"blind": float(blind), "fence_weeks": fence_weeks, "quorum": quorum}
    for setting, value in rules.items():
        if space.policies.now[setting] != value:
            space.policies.change("victor", setting, value, why="For this test")
    return space.cycles.open("dana", name)

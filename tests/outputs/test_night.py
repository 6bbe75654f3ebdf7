"""A small night: what the app does by itself stops nobody, and nothing that was entered is lost."""

from tests.load.night import NIGHT, night, p95
from tests.sink import sink


def test_a_night_of_import_refresh_replay_and_digest_stops_nobody(company_copy, tmp_path):
    with sink() as server:
        found = night(company_copy, tmp_path, server, quiet_s=1.0, last=2, pause=0.05)
    assert [state for state, _ in found.runs.values()] == ["done"] * len(NIGHT), found.runs
    assert found.lost == 0
    assert found.refused == []
    assert found.mails == 1
    assert len(found.busy) > len(found.quiet) / 2
    # Two cores for six processes: what is measured in earnest is tests/load/night.py.
    assert p95(found.busy) < 2.0

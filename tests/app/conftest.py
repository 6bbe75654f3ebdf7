"""What every test in Streamlit's own driver shares."""

import pytest
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import local_script_runner

from pages.components.charts import drawing


@pytest.fixture(scope="session", autouse=True)
def charts_are_checked():
    """Every chart that is drawn here is checked by the schema of Vega-Lite."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "CHECKED", True)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_search_for_components():
    """The driver looks through every installed package for components, anew for every window:
    a fifth of a second each. There are none.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            BidiComponentManager, "discover_and_register_components", lambda *_, **__: None
        )
        yield


PATIENCE = 90.0
"""Seconds that a run may take on a slow, busy machine; one that ends sooner is seen sooner."""


@pytest.fixture(scope="session", autouse=True)
def runs_are_waited_for():
    """The driver compiles every page anew at every run of it, and looks a thousand times a second
    whether the run has ended, through all that it drew; here it waits for the end.
    """
    cache = ScriptCache()

    def wait(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
        patience = max(timeout, PATIENCE)
        if runner._script_thread is not None:
            runner._script_thread.join(patience)
        if not runner.script_stopped():
            runner.request_stop()
            runner.join()
            raise RuntimeError(f"a run of the page had not ended after {patience:.0f} s")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "ScriptCache", lambda: cache)
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield

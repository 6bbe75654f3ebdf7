"""What every test in Streamlit's own driver shares."""

import pytest
from streamlit.components.v2.component_manager import BidiComponentManager

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

"""What tests share: strict hypothesis settings, real files and real databases."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "concord",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("concord")

SHARED = Path(__file__).parents[2] / "shared" / "data"
"""Real retail data, where this checkout has it beside it."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.exists():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return SHARED

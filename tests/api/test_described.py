"""Every route with whatever its description allows, and much that it does not.

`CONCORD_API_EXAMPLES=50` tries as many a route (in the suite: few).
"""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from forecasting.api.verbs import catalogue
from tests.api.conftest import Served

EXAMPLES = int(os.environ.get("CONCORD_API_EXAMPLES", "4"))
SLOW = {"/backtest", "/replay", "/refresh"}
"""What fits: tried where it is refused (`test_rights`), and here where more is asked for."""
CHECKS = [
    not_a_server_error, content_type_conformance, response_schema_conformance,
    status_code_conformance,
]  # fmt: skip


LITTLE = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def schema(served: Served):
    headers = {"authorization": f"Bearer {served.secret('admin', 'admin')}"}
    return schemathesis.openapi.from_asgi("/openapi.json", served.app, headers=headers)


def test_the_description_names_every_route_with_its_help_and_fetches_nothing(served):
    described = served.client("mara", "read").get("/openapi.json")
    assert described.headers["content-type"] == "application/json"
    paths = described.json()["paths"]
    for verb in catalogue():
        told = paths[f"/{verb.name}"]["post" if verb.changes else "get"]
        assert told["summary"] == verb.help.partition("\n\n")[0]
    for missing in ("/docs", "/redoc"):
        assert served.client().get(missing).status_code == 404


def operations(schema):
    for found in schema.get_all_operations():
        one = found.ok()
        if one.path not in SLOW or EXAMPLES > 4:
            yield one


def test_no_route_fails_by_our_fault_whatever_it_is_asked(served, schema):
    tried = []
    # Whoever has every right reaches furthest.
    tokens = [served.secret("dana", "admin"), served.secret("admin", "admin")]

    def attempt(case):
        headers = {"authorization": f"Bearer {tokens[len(tried) % 2]}"}
        tried.append(case.call(headers=headers))
        case.validate_response(tried[-1], checks=CHECKS)

    for operation in operations(schema):
        LITTLE(given(case=operation.as_strategy())(attempt))()
    assert len(tried) >= 20
    assert {answer.status_code for answer in tried} >= {200, 422}

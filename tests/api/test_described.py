"""Every route with whatever its description allows, what it forbids, and one after another.

In the suite few examples a route; `make fuzz EXAMPLES=200` tries as many.
"""

import os
import time
from collections import Counter
from contextlib import ExitStack

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from forecasting.api.verbs import catalogue
from tests.api.conftest import Served

EXAMPLES = int(os.environ.get("CONCORD_API_EXAMPLES", "3"))
HEAVY = {"/backup", "/pack", "/bridge", "/buy-plan", "/project", "/publish", "/import"}
"""What takes long and has little to choose: a fifth of the examples."""
CHECKS = [
    not_a_server_error, content_type_conformance, response_headers_conformance,
    response_schema_conformance, status_code_conformance,
]  # fmt: skip


def little(path: str = "") -> settings:
    most = max(EXAMPLES // 5, 2) if path in HEAVY else EXAMPLES
    return settings(
        max_examples=most, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        stateful_step_count=4,
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


@pytest.fixture
def fitting(served):
    """Somebody has every long verb done, so that none is begun here (test_jobs begins them)."""
    space = served.space
    with ExitStack() as held:
        for job in (
            space.runs.refreshing,
            space.hindsight.backtesting,
            space.hindsight.replaying,
        ):
            held.enter_context(job.running("Somebody", lambda _text, _share: None))
        yield


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
def test_no_route_fails_by_our_fault_whatever_it_is_asked(served, schema, fitting, mode):
    tried, took = [], Counter()
    # Whoever has every right reaches furthest.
    tokens = [served.secret("dana", "admin"), served.secret("admin", "admin")]

    def attempt(case):
        headers = {"authorization": f"Bearer {tokens[len(tried) % 2]}"}
        begun = time.perf_counter()
        answer = case.call(headers=headers)
        took[case.operation.label] += time.perf_counter() - begun
        tried.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    for found in schema.get_all_operations():
        one = found.ok()
        if mode is GenerationMode.NEGATIVE and not (one.body or one.query):
            continue  # there is nothing to get wrong
        strategy = one.as_strategy(generation_mode=mode)
        little(one.path)(given(case=strategy)(attempt))()
    print({name: round(s, 1) for name, s in took.most_common(12)}, Counter(tried))
    assert len(tried) >= 20
    assert set(tried) >= ({200, 422} if mode is GenerationMode.POSITIVE else {422})


def test_what_an_answer_leads_to_is_there_or_says_that_it_has_gone(served, schema, fitting):
    """Tables to their next pages, jobs to their answers, as the description links them."""
    tokens, led = [served.secret("dana", "admin")], []

    class Machine(schema.as_state_machine()):
        def get_call_kwargs(self, case):  # noqa: ARG002
            return {"headers": {"authorization": f"Bearer {tokens[0]}"}}

        def validate_response(self, response, case, **_):
            led.append((case.operation.path, response.status_code))
            case.validate_response(response, checks=CHECKS)

    for more in (1, 2, 4, 8):  # which way it goes first is chance
        run_state_machine_as_test(
            Machine, settings=settings(little(), max_examples=more * EXAMPLES)
        )
        if any("{" in path for path, _ in led):
            return
    pytest.fail(f"no link of the description was followed: {led}")

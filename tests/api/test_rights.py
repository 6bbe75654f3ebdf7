"""Every verb by the API, as every function and at every level of a token.

The routes are found by looking, so a new verb has to stand in the table before this passes.
"""

import re

import click
import pytest

from forecasting.api.app import PATH
from forecasting.api.verbs import ABSENT, catalogue, registry
from tests.api.conftest import PEOPLE, ended

EVERYBODY = tuple(PEOPLE)
INPUTS = ("marketing", "merchandising", "planning")
PLANNING, ADMIN, FILES = ("planning",), ("admin",), ("planning", "admin")
SKU_WEEK = {"week": "2026-12-20"}

TABLE = {
    ("template", "GET"): (EVERYBODY, {}),
    ("export", "GET"): (EVERYBODY, {"table": "skus"}),
    ("project", "GET"): (EVERYBODY, {"weeks": 2}),
    ("bridge", "GET"): (EVERYBODY, {"weeks": 2}),
    ("buy-plan", "GET"): (EVERYBODY, {"weeks": 4}),
    ("orders", "GET"): (EVERYBODY, {}),
    ("pack", "GET"): (EVERYBODY, {}),
    ("proposals", "GET"): (EVERYBODY, {}),
    ("calendar", "GET"): (EVERYBODY, {"weeks": 2}),
    ("tokens", "GET"): (EVERYBODY, {}),
    ("input", "GET"): (EVERYBODY, SKU_WEEK),
    ("odd", "GET"): (EVERYBODY, {}),
    ("sources", "GET"): (EVERYBODY, {}),
    ("conventions", "GET"): (EVERYBODY, {}),
    ("inbox", "GET"): (EVERYBODY, {}),
    ("schedules", "GET"): (EVERYBODY, {}),
    ("inbox", "POST"): (EVERYBODY, {"seen": True}),
    ("schedules", "POST"): (FILES, {"pause": "nothing"}),
    ("backup", "GET"): (ADMIN, {}),
    ("odd", "POST"): (FILES, {"accept": "budget_names: Nothing"}),
    ("sources", "POST"): (("marketing", *FILES), {"remove": "nothing"}),
    ("conventions", "POST"): (FILES, {"set": ["nothing=1"]}),
    ("override", "POST"): (
        INPUTS, {**SKU_WEEK, "how": "add", "value": 3, "reason": "TREND", "of": "sku=A-SKU"},
    ),
    ("approve", "POST"): (PLANNING, {"sku": ["nothing"]}),
    ("release", "POST"): (PLANNING, {"all": True}),
    ("take-back", "POST"): (PLANNING, {"all": True}),
    ("close-orders", "POST"): (PLANNING, {"all": True}),
    ("propose", "POST"): (INPUTS, {"orders": True, "sku": ["nothing"]}),
    ("answer", "POST"): (PLANNING, {"number": 1, "how": "accept", "note": "so"}),
    ("publish", "POST"): (PLANNING, {"cycle": "CYCLE"}),
    ("refresh", "POST"): (FILES, {"as_of": "1999-01-03"}),
    ("backtest", "POST"): (FILES, {"origins": 500, "step": 500, "workers": 1}),
    ("replay", "POST"): (FILES, {"last": 1, "weeks_ahead": 1}),
    ("import", "POST"): (FILES, {}),
    ("audit", "GET"): (ADMIN, {}),
    ("people", "GET"): (EVERYBODY, {}),
    ("people", "POST"): (ADMIN, {"limit": "nobody", "department": ["Nothing"]}),
    ("make-token", "POST"): (EVERYBODY, {"label": "another"}),
    ("revoke-token", "POST"): (EVERYBODY, {"token": "nothing"}),
}  # fmt: skip
"""Verb and method to the functions that have it, and parameters that it can be tried with."""
OF_ADMIN = ("make-token", "revoke-token", "conventions", "backup", "people", "schedules")
"""What needs a token of the level admin, whoever it speaks for."""
SOONER = ("answer", "publish")
"""Verbs that look first whether what is named is there; the rights behind them are tried one
by one in tests/governance/test_verbs.py."""


def asked(client, verb: str, method: str, given: dict):
    return ended(client, _asked(client, verb, method, given))


def _asked(client, verb: str, method: str, given: dict):
    if method == "GET":
        return client.get(f"/{verb}", params=given)
    if verb == "import":
        files = [("paths", ("kpis.csv", b"date,metric,channel,value\nno day,traffic,,5\n"))]
        return client.post(f"/{verb}", files=files)
    return client.post(f"/{verb}", json=given)


@pytest.fixture(scope="module")
def given(served):
    """The table with names of this company."""
    names = {
        "sku=A-SKU": f"sku={served.space.plan.sku_names[0]}",
        "CYCLE": served.space.cycles.current.name,
    }
    return {
        key: {n: names.get(v, v) if isinstance(v, str) else v for n, v in told.items()}
        for key, (_, told) in TABLE.items()
    }


def test_every_verb_of_the_command_line_is_served_or_named_as_absent():
    served = {(verb.name, "POST" if verb.changes else "GET") for verb in catalogue()}
    assert served == set(TABLE)
    assert {name for name, _ in served} | set(ABSENT) == set(registry())


def test_no_parameter_of_any_route_names_a_place_on_the_server(served):
    for verb in catalogue():
        taken = {f.alias for f in verb.model.model_fields.values()}
        for one in verb.command.params:
            if isinstance(one.type, click.Path | click.File):
                name = re.sub(r"^-+", "", max(one.opts, key=len)).replace("-", "_")
                kind = verb.model.model_fields.get(f"f_{one.name}")
                assert name not in taken or kind.annotation == bool | None, (verb.name, name)


@pytest.mark.parametrize("key", TABLE, ids=lambda key: f"{key[1]} {key[0]}")
def test_the_matrix_of_rights_holds_for_every_route_and_function(served, given, key):
    verb, method = key
    holders, _ = TABLE[key]
    found = {}
    for function, person in PEOPLE.items():
        level = "admin" if verb in OF_ADMIN else "write"
        client = served.client(person, level)
        before = served.space.seq
        answer = asked(client, verb, method, given[key])
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert served.space.seq == before
        found[function] = answer.status_code
    refused = {function for function, status in found.items() if status == 403}
    assert not refused & set(holders), found
    others = set(EVERYBODY) - set(holders)
    if verb in SOONER:  # refused for what is asked, before it is asked who may
        assert all(found[function] >= 400 for function in others), found
    else:
        assert refused == others, found


@pytest.mark.parametrize("key", [k for k in TABLE if k[1] == "POST"], ids=lambda key: key[0])
def test_a_token_that_may_read_changes_nothing_whoever_it_speaks_for(served, given, key):
    for person in PEOPLE.values():
        client = served.client(person, "read")
        before = served.space.seq
        answer = asked(client, *key, given[key])
        assert answer.status_code == 403, answer.text
        assert served.space.seq == before


@pytest.mark.parametrize("verb", ["conventions", "make-token", "revoke-token", "people"])
def test_what_is_set_for_everybody_needs_a_token_of_the_level_admin(served, given, verb):
    client = served.client("admin", "write")
    answer = asked(client, verb, "POST", given[verb, "POST"])
    assert answer.status_code == 403
    assert "admin" in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"authorization": "Bearer "}, {"authorization": "Bearer concord_nothing"},
        {"authorization": "Basic ZGFuYTo="}, {"cookie": "concord-who=dana"},
        {"authorization": "bearer \x7f"}, {"concord-as": "dana"},
    ],
)  # fmt: skip
def test_no_route_answers_without_identity(served, headers):
    client = served.bearer("none")
    del client.headers["authorization"]
    paths = ["/", "/openapi.json", "/docs", "/pages/x.1", "/nothing", "", "/../livez"]
    for path in [*paths, *(f"/{verb.name}" for verb in catalogue())]:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            answer = client.request(method, path, headers=headers)
            assert answer.status_code in (401, 429), (method, path, answer.status_code)


OPEN = {"/livez", "/readyz", "/metrics", "/home", "/concord/who"}
"""What the app answers to anybody: nothing of a company is in it. Its own scripts are, too."""


def test_no_other_route_of_the_app_answers_to_nobody_either():
    """Whoever adds a route stands here or asks who it is."""
    import served as app

    for route in app.app._user_routes:
        path = route.path.removeprefix(app.BASE)
        if path == PATH:
            continue  # each of its routes is tried above
        if path.endswith(".js"):
            assert path.removeprefix("/concord/") in {script.name for script in app.OURS}
        elif path == "/calendar/{secret}.ics":
            continue  # its link is the key: tests of the feed try wrong ones
        else:
            assert path in OPEN, f"{path}: who may ask, and what does it tell?"


def test_whoever_was_taken_out_is_out_by_token_at_once_and_a_revoked_token_opens_nothing(
    served,
):
    space = served.space
    space.staff.set_person("admin", identity="robot", name="Robot", function="planning")
    made = space.tokens.make("admin", label="night", person="robot", level="write")
    other = space.tokens.make("robot", label="day")
    first, second = served.bearer(made.secret), served.bearer(other.secret)
    assert first.get("/").json()["person"] == "robot"
    space.tokens.revoke("robot", made.token.id)
    assert first.get("/").status_code in (401, 429)
    assert second.get("/").status_code == 200
    space.staff.take_out("admin", identity="robot")
    assert second.get("/").status_code in (401, 429)


def test_a_token_for_some_verbs_is_for_no_other(served):
    made = served.space.tokens.make("dana", label="one", level="write", commands=["odd"])
    client = served.bearer(made.secret)
    assert client.get("/odd").status_code == 200
    assert client.get("/export", params={"table": "skus"}).status_code == 403


def test_a_program_does_not_say_where_the_server_finds_files(served):
    asked = {"save": "night", "does": "import", "at": "03:00", "option": ["from=/etc"]}
    assert served.client("admin", "admin").post("/schedules", json=asked).status_code == 403


def test_the_command_line_of_this_computer_says_who_acts_and_a_token_does_not(served):
    from tests.api.conftest import LOCAL

    here = served.bearer(LOCAL)
    assert here.get("/").json()["person"] == "admin"
    assert here.get("/", headers={"concord-as": "mara"}).json()["person"] == "mara"
    assert here.get("/", headers={"concord-as": "nobody"}).status_code == 404
    assert served.client().get("/", headers={"concord-as": "mara"}).status_code == 403


def test_wrong_tokens_are_told_to_wait_and_right_ones_are_not(served):
    wrong = served.bearer("concord_wrong")
    statuses = {wrong.get("/").status_code for _ in range(40)}
    assert statuses <= {401, 429}
    assert wrong.get("/").status_code == 429
    assert served.client().get("/").status_code == 200

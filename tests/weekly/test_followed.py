"""Following the best mix in companies' drawn futures: what it prevents, and at what price."""

import pytest

from tests.load import followed

SEEDS = (45, 50)
"""Not looked at while the mix was built. Two are halved together: one scatters by some points."""


@pytest.fixture(scope="module")
def companies():
    """Of each company its rows by aim."""
    return {seed: {row["aim"]: row for row in followed.one(seed)} for seed in SEEDS}


@pytest.fixture(params=SEEDS)
def rows(request, companies):
    return companies[request.param]


def test_the_mix_for_service_halves_what_is_lost_in_activations_that_can_still_change(
    companies,
):
    found = [rows["service"] for rows in companies.values()]
    lost = sum(row["lost_in_time"] for row in found)
    assert sum(row["lost_in_time_after"] for row in found) <= 0.5 * lost


def test_the_mix_for_service_keeps_shelves_from_running_out(rows):
    found = rows["service"]
    assert found["lost_in_time"] > 300
    assert found["ran_out_after"] < 0.8 * found["ran_out"]


def test_the_mix_for_margin_earns_more_than_it_costs_and_changes_no_lift(rows):
    found = rows["margin"]
    assert found["margin_actual"] > found["cost"] > 0
    assert found["lost_after"] < found["lost"]
    assert "reduce" not in found["actions"]


def test_the_price_of_service_comes_out_as_it_was_expected(rows):
    found = rows["service"]
    assert found["margin_expected"] < rows["margin"]["margin_expected"]
    gap = abs(found["margin_actual"] - found["margin_expected"])
    assert gap < max(0.35 * abs(found["margin_expected"]), 8_000)


def test_a_review_every_week_halves_the_shelves_that_run_out(companies):
    found = [rows[followed.WEEKLY] for rows in companies.values()]
    ran_out = sum(row["ran_out"] for row in found)
    assert sum(row["ran_out_after"] for row in found) <= 0.5 * ran_out


def test_a_review_every_week_prevents_more_than_one_at_the_start(rows):
    found, once = rows[followed.WEEKLY], rows["service"]
    assert found["lost_after"] <= 0.5 * found["lost"]
    assert found["ran_out_after"] <= 0.65 * found["ran_out"]
    assert found["ran_out_after"] < once["ran_out_after"]

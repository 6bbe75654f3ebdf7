"""What activations are worth: statsmodels where it estimates, and equal to it where it does not."""

import numpy as np
import pytest
import statsmodels.api as sm

from forecasting.demand import lift, priors, response

COLUMNS = ("email", *lift.SHAPES, *priors.BESIDE)


def rows(units, expected, design, *, week=None, series=None, sku=None, event=None):
    n = len(units)
    zeros = np.zeros(n, int)
    if event is None:
        event = zeros if week is None else week
    return response.Rows(
        units=units, expected=expected, design=design, of_class=zeros,
        week=zeros if week is None else week, series=zeros if series is None else series,
        sku=zeros if sku is None else sku, event=event,
    )  # fmt: skip


def drawn(n=4000, seed=8, true=(0.4, -2.5)):
    rng = np.random.default_rng(seed)
    design = np.zeros((n, len(COLUMNS)))
    design[:, 0] = rng.integers(0, 2, n)
    design[:, 1] = rng.uniform(-0.2, 0, n) * rng.integers(0, 2, n)
    expected = rng.uniform(5, 40, n)
    mean = expected * np.exp(design[:, :2] @ np.array(true))
    units = rng.poisson(mean * rng.gamma(4, 0.25, n)).astype(float)
    return rows(units, expected, design, week=np.arange(n))


def test_a_class_with_much_history_responds_as_statsmodels_negative_binomial_says():
    data = drawn()
    prior = priors.usual(COLUMNS)
    ours, sd = response.of_class(data, np.ones(len(data)), prior, alpha=0.25)
    theirs = sm.GLM(
        data.units, data.design[:, :2], offset=np.log(data.expected),
        family=sm.families.NegativeBinomial(alpha=0.25),
    ).fit(scale=1.0)  # fmt: skip
    # The prior weighs about as much as its precision says: hardly, and by the formula.
    information = np.linalg.inv(theirs.cov_params())
    ridge = np.diag(1 / prior.sd[:2] ** 2)
    expected = np.linalg.solve(
        information + ridge, information @ theirs.params + ridge @ prior.mean[:2]
    )
    np.testing.assert_allclose(ours[:2], expected, atol=2e-3)
    np.testing.assert_allclose(ours[:2], [0.4, -2.5], atol=0.2)
    np.testing.assert_array_equal(ours[2:], prior.mean[2:])
    assert (sd[:2] < prior.sd[:2]).all()


def test_types_that_always_ran_together_share_what_they_did():
    columns = ("email", "social", *lift.SHAPES, *priors.BESIDE)
    rng = np.random.default_rng(6)
    n = 264
    design = np.zeros((n, len(columns)))
    design[:, 0] = rng.integers(0, 3, n) == 0
    # Together but for the last digits, as sums of daily shares leave it.
    design[:, 1] = design[:, 0] * (1 + rng.uniform(-4e-16, 4e-16, n))
    expected = rng.uniform(0.5, 4, n)
    units = rng.poisson(expected * np.exp(0.8 * design[:, 0])).astype(float)
    prior = priors.usual(columns)
    data = rows(units, expected, design, week=np.arange(n))
    ours, _ = response.of_class(data, np.ones(n), prior, alpha=0.25)
    around = prior.mean[:2].sum()
    together = sm.GLM(
        units, design[:, :1], family=sm.families.NegativeBinomial(alpha=0.25),
        offset=np.log(expected) + around * design[:, 0],
    ).fit(scale=1.0)  # fmt: skip
    seen, believed = 1 / together.bse[0] ** 2, 1 / (prior.sd[:2] ** 2).sum()
    both = around + together.params[0] * seen / (seen + believed)
    assert ours[:2].sum() == pytest.approx(both, abs=2e-3)
    moved = ours[:2] - prior.mean[:2]
    assert moved[0] / moved[1] == pytest.approx((prior.sd[0] / prior.sd[1]) ** 2, rel=1e-3)


@pytest.mark.parametrize("seed", [110, 136, 163, 385])
def test_a_small_class_whose_types_never_ran_apart_has_an_answer(seed):
    # Ten kinds of cells for ten regressors that go together: with these draws a search without
    # the prior drifts off to numbers that are too large, or to none.
    columns = ("email", "event", "partnership", "price", "social", *lift.SHAPES, *priors.BESIDE)
    told = (lift.PRICE, lift.PRICE_TOLD, lift.CUT_TOLD, lift.DEEP, lift.LATER)
    at = [columns.index(c) for c in (*columns[:5], *told)]
    kinds = np.array(
        [
            [0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
            [0, 0, 0, 1, 0, -0.431, 0, 0, -0.268, 0],
            [0, 0, 0, 1, 0, -0.431, 0, 0, -0.268, 1],
            [0, 0, 0, 1, 0, -0.288, 0, 0, -0.125, 0],
            [0, 0, 0, 1, 0, -0.288, 0, 0, -0.125, 1],
            [0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
            [0, 1, 0, 0, 0, -0.105, -0.105, 1, 0, 0],
            [0, 1, 0, 0, 0, -0.105, -0.105, 1, 0, 1],
            [1, 0, 0, 0, 0, -0.288, -0.288, 1, -0.125, 0],
            [1, 0, 0, 0, 0, -0.288, -0.288, 1, -0.125, 1],
        ]
    )
    rng = np.random.default_rng(seed)
    design = np.zeros((60, len(columns)))
    design[:, at] = kinds[rng.integers(0, len(kinds), 60)]
    expected = rng.gamma(1, 6, 60) + 0.1
    units = rng.poisson(expected * 1.6 * rng.gamma(3, 1 / 3, 60)).astype(float)
    prior = priors.usual(columns)
    data = rows(units, expected, design, week=np.arange(60))
    ours, sd = response.of_class(data, rng.uniform(0.04, 0.8, 60), prior, alpha=0.25)
    assert (np.abs(ours - prior.mean) < 4 * prior.sd).all()
    assert (sd <= prior.sd * (1 + 1e-9)).all()


def test_newton_steps_for_all_groups_at_once_find_what_statsmodels_finds_for_each():
    data = drawn(600, seed=3)
    group = np.arange(600) % 2
    parent = np.zeros((2, len(COLUMNS)))
    wide = np.full(len(COLUMNS), 100.0)
    ours, covariance = response.shrunk(
        data, group, parent, alpha=0.25, worth=np.ones(600), sd=wide, steps=12
    )
    for g in (0, 1):
        mine = group == g
        theirs = sm.GLM(
            data.units[mine], data.design[mine][:, :2], offset=np.log(data.expected[mine]),
            family=sm.families.NegativeBinomial(alpha=0.25),
        ).fit(scale=1.0)  # fmt: skip
        np.testing.assert_allclose(ours[g, :2], theirs.params, atol=1e-3)
        np.testing.assert_allclose(
            covariance[g, :2, :2], np.asarray(theirs.cov_params()), rtol=0.05, atol=1e-6
        )


def test_a_group_without_evidence_has_its_parents_response_and_one_with_much_its_own():
    rng = np.random.default_rng(2)
    units = rng.poisson(30 * np.exp(1.0), 4000).astype(float)
    design = np.zeros((4000, len(COLUMNS)))
    design[:, 0] = 1.0
    group = np.where(np.arange(4000) < 3990, 0, 1)
    estimate, covariance = response.shrunk(
        rows(units, np.full(4000, 30.0), design), group, np.full((3, len(COLUMNS)), 0.3),
        alpha=0.05, worth=np.ones(4000), sd=np.full(len(COLUMNS), 0.25), steps=6,
    )  # fmt: skip
    assert estimate[2, 0] == 0.3
    assert covariance[2, 0, 0] == pytest.approx(0.25**2)
    assert estimate[0, 0] == pytest.approx(1.0, abs=0.02)
    assert 0.3 < estimate[1, 0] < estimate[0, 0]


def test_eighty_doors_of_one_event_are_not_eighty_events():
    design = np.zeros((160, len(COLUMNS)))
    design[:, 0] = 1.0
    many = rows(np.full(160, 40.0), np.full(160, 20.0), design, week=np.repeat([0, 1], 80))
    given = {"alpha": 0.2, "event_sd": 0.25}
    worth = response._worth(many, many.week, **given)
    alone = rows(np.full(2, 40.0), np.full(2, 20.0), design[:2], week=np.array([0, 1]))
    assert worth.sum() < 10 * response._worth(alone, alone.week, **given).sum()


def test_forty_skus_of_one_mailing_are_not_forty_mailings():
    """They share how well it was made: a class knows less from them than from forty."""
    n, design = 40, np.zeros((40, len(COLUMNS)))
    design[:, 0] = 1.0
    common = {"sku": np.arange(n), "series": np.arange(n), "week": np.zeros(n, int)}
    units, expected = np.full(n, 40.0), np.full(n, 20.0)
    prior = priors.usual(COLUMNS)

    def sd(event):
        found = response.respond(
            rows(units, expected, design, event=event, **common), prior=prior, n_series=n,
            sku_of=np.arange(n), class_of=np.zeros(n, int), alpha=0.2, event_sd=0.25,
        )  # fmt: skip
        return found.class_sd[0, 0]

    together, apart = sd(np.zeros(n, int)), sd(np.arange(n))
    assert together > 1.5 * apart
    assert together < prior.sd[0]


def test_a_deeper_cut_never_sells_less_and_rivals_never_take_more_than_was_gained():
    wild = np.random.default_rng(1).normal(0, 6, (500, len(COLUMNS)))
    kept = response.bounded(wild, COLUMNS)
    at = {name: kept[:, COLUMNS.index(name)] for name in COLUMNS}
    assert (at[lift.PRICE] <= 0).all()
    assert (at[lift.PRICE] + at[lift.PRICE_TOLD] <= 1e-9).all()
    assert (at[lift.PRICE] + at[lift.PRICE_TOLD] + at[lift.DEEP] <= 1e-9).all()
    assert (at[lift.PRICE] + at[lift.DEEP] <= 1e-9).all()
    assert (at[lift.CUT_TOLD] >= -0.1).all()
    assert (at[priors.RIVALS] >= -1).all()
    assert (at[priors.STOCKED] <= 0).all()


def test_a_company_learns_from_its_classes_and_keeps_what_is_known_where_they_say_nothing():
    prior = priors.usual(COLUMNS)
    found = prior.mean.copy()
    found[0] = 0.6
    sd = prior.sd.copy()
    sd[0] = 0.03
    own = priors.learnt(prior, [(found, sd)] * 6)
    assert 0.55 < own.mean[0] < 0.62
    np.testing.assert_allclose(own.mean[1:], prior.mean[1:], atol=0.02)
    assert own.sd[0] < prior.sd[0]
    assert priors.Prior.from_json(own.as_json()).columns == COLUMNS


def test_a_type_nobody_has_heard_of_is_expected_to_do_something_give_or_take():
    known = priors.usual(("hologram",))
    assert known.mean[0] > 0
    assert known.sd[0] > known.mean[0]

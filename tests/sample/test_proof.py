"""The sample company shows at once how right its forecast and its Bridge were."""

from forecasting.sample import build


def test_the_sample_ships_a_finished_backtest_and_a_finished_replay(space):
    assert space.hindsight.last_backtest() is None
    assert space.hindsight.last_replay() is None
    told: list[str] = []
    build.prove(space, lambda text, _share: told.append(text))
    tested, replayed = space.hindsight.last_backtest(), space.hindsight.last_replay()
    assert tested is not None
    assert tested.rows > 0
    assert replayed is not None
    assert len(replayed.rows) > 0
    assert told
    assert all(text.startswith("looking back") for text in told)

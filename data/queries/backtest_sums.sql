-- Sums of the backtest $id: one row per origin, lag, class, door and promoted or not.
select origin, lag, class, door, promoted, cells, units, forecast, inside, error_p50, error_naive,
    error_mean13
from backtest_sum where id = $id
order by all

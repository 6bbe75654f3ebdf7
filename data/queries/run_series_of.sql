-- One row per SKU and door of the run $run.
select sku, door, level, ranged_from, ranged_to, log_lift, coalesce(share, 0) as share,
    coalesce(ahead, [0, 0, 0]) as ahead
from run_series where run = $run

-- One row per SKU and door of the run $run.
select sku, door, level, log_lift, coalesce(share, 0) as share,
    coalesce(log_regular, 0) as log_regular,
    coalesce(ahead, [0, 0, 0]) as ahead
from run_series where run = $run

-- The lift library of the run $run: one row per past activation and SKU.
select activation, run_lift.sku, skus_now.class, doors, first_week, baseline, actual, expected, log_sd,
    promised
from run_lift left join skus_now on skus_now.sku = run_lift.sku
where run = $run
order by first_week desc, activation, run_lift.sku

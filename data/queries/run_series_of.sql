-- One row per SKU and door of the run $run.
select sku, door, level, ranged_from, ranged_to, log_lift from run_series where run = $run

-- One row per SKU of the run $run.
select sku, shape, lift_sd from run_sku where run = $run

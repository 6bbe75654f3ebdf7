-- One row per SKU of the run $run.
select sku, shape, lift_sd, repriced from run_sku where run = $run

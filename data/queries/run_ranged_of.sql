-- One row per SKU, door and span of days in which it can be sold after the as-of week of the run $run;
-- of older runs, which kept one span of each, that.
select sku, door, first_day, last_day from run_ranged where run = $run
union all
select sku, door, ranged_from, ranged_to from run_series
where run = $run and not exists (select 1 from run_ranged where run = $run)
order by sku, door, first_day

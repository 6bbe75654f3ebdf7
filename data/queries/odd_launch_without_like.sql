-- One row per class with SKUs that are launched after the last sales, or never sold and are ranged, and name no
-- SKU that stands in for them, or one that there is not. count: such SKUs; weight: as many average SKUs.
with pace as (select sum(units) / count(distinct sku) as units from recent_units),
new as (
    select sku, class, like_sku, launch_date from skus_now, last_known
    where (launch_date > day or (launch_date > day - 28 and sku not in (select sku from sales_now)))
        and (exit_date is null or exit_date > day)
        and (like_sku is null or trim(like_sku) not in (select sku from skus_now))
)
select class as subject, count(*) as count,
    arg_min(printf('%s, first on sale %s%s', sku, told_day(launch_date),
        coalesce(', like ' || like_sku || ', which is no SKU', '')), sku) as example,
    count(*) * coalesce(any_value(pace.units), 0) as weight, list('sku/' || sku) as touches
from new, pace
group by class
order by weight desc, subject

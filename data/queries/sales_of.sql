-- One row per SKU and week from $since to $until over all doors: units sold, revenue (null: unknown)
-- and what a unit cost in that week.
with sold as (
    select sku, week_of(date) as week, sum(units) as units, sum(revenue) as revenue
    from sales_now
    where date >= $since and date < $until
    group by all
)
select sold.sku, sold.week, units, revenue, coalesce(told.value, skus.unit_cost) as unit_cost
from sold
asof left join (select sku, week, value from term_from where term = 'unit_cost') as told
    on told.sku = sold.sku and sold.week >= told.week
left join skus_now as skus on skus.sku = sold.sku

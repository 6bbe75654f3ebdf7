-- What every past activation came to by the run $run, as money takes it: one row per activation and
-- featured SKU. regular_price and unit_cost: in force at the beginning of its first week; paid: revenue over units
-- sold in its weeks; left_units: stock at the end of its last week, where it was counted;
-- class_margin: mean margin of a unit of the class at regular price.
with result as (select * from run_result where run = $run),
priced as (
    select result.activation, result.sku, price.regular_price
    from result asof join regular_price_from as price
        on price.sku = result.sku and result.first_week >= price.week
),
costing as (
    select result.activation, result.sku, told.value as unit_cost
    from result asof join (select sku, week, value from term_from where term = 'unit_cost') as told
        on told.sku = result.sku and result.first_week >= told.week
),
shelf as (
    select activation, sku, sum(units) as units, sum(revenue) as revenue, sum(ended) as left_units
    from activation_cell
    group by all
),
classes as (
    select class, avg(unit_price - unit_cost) as class_margin from skus_now group by class
)
select result.* exclude (run), skus.class,
    coalesce(costing.unit_cost, skus.unit_cost) as unit_cost,
    coalesce(priced.regular_price, skus.unit_price) as regular_price,
    case when shelf.units > 0 then shelf.revenue / shelf.units end as paid,
    shelf.left_units, classes.class_margin
from result
left join skus_now as skus on skus.sku = result.sku
left join priced on priced.activation = result.activation and priced.sku = result.sku
left join costing on costing.activation = result.activation and costing.sku = result.sku
left join shelf on shelf.activation = result.activation and shelf.sku = result.sku
left join classes on classes.class is not distinct from skus.class
order by result.activation, result.sku

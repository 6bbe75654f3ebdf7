-- Units of each SKU, door and week of the last three years with sales, and whether an activation
-- that was not cancelled ran then: what odd weeks and steps in level are looked for in.
create view week_units as
with shown as (
    select distinct coalesce(items.sku, skus_now.sku) as sku, items.door,
        unnest(generate_series(week_of(one.start), one."end", interval 7 day))::date as week
    from activations_now as one
    join activation_items_now as items using (activation)
    left join skus_now on items.sku is null and skus_now.style = items.style
    where coalesce(one.status, 'planned') <> 'cancelled'
        and coalesce(items.sku, skus_now.sku) is not null
),
cells as (
    select sku, door, week_of(date) as week, sum(units) as units, avg(in_stock) as in_stock
    from sales_now, last_known where date > day - 1_092 group by all
)
select sku, door, week, units, in_stock,
    (sku, week) in (select (sku, week) from shown where door is null)
    or (sku, door, week) in (select (sku, door, week) from shown where door is not null)
        as is_shown
from cells

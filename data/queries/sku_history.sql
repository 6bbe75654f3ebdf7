-- One row per door and week of the SKU $sku from $since on: units, share on shelf, stock.
with sold as (
    select door, week_of(date) as week, sum(units) as units,
        avg(in_stock) as in_stock, sum(revenue) as revenue
    from sales_now where sku = $sku and date >= $since group by all
),
counted as (
    select door, week_of(date) as week, arg_max(on_hand, date) as on_hand
    from inventory_now where sku = $sku and date >= $since group by all
)
select door, week, units, in_stock, revenue, on_hand
from sold full join counted using (door, week)
order by week, door

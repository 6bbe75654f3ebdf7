-- One row per SKU, selling door and week up to $as_of: units, share on the shelf, week-end stock.
with sold as (
    select sku, door, (date - dayofweek(date)::int)::date as week,
        sum(units) as units, avg(in_stock) as in_stock
    from sales_now
    where date < $as_of + 7
    group by all
),
counted as (
    select sku, door, (date - dayofweek(date)::int)::date as week,
        arg_max(on_hand, date) as on_hand
    from inventory_now
    where date < $as_of + 7
    group by all
)
select sku, door, week, units, in_stock, on_hand
from sold full join counted using (sku, door, week)
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)

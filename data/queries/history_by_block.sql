-- The history of a fit, $as_of its last week, with the block of each SKU (blocks: sku, block).
-- Returns are left out: they take nothing back of what was wanted.
with sold as (
    select sku, door, (date - dayofweek(date)::int)::date as week,
        sum(greatest(units, 0)) as units, avg(in_stock) as in_stock
    from sales_now
    where date < $as_of + 7 and date >= $since
    group by all
),
counted as (
    select sku, door, (date - dayofweek(date)::int)::date as week,
        arg_max(on_hand, date) as on_hand
    from inventory_now
    where date < $as_of + 7 and date >= $since
    group by all
)
select block, sku, door, week, units, in_stock, on_hand
from sold full join counted using (sku, door, week)
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
join blocks using (sku)

-- One row per SKU and week from $since to $until: units that were wanted over all doors. Sales
-- over the share of the week on the shelf; where that was less than half, as if it were half.
with daily as (
    select sku, door, week_of(date) as week, sum(greatest(units, 0)) as units,
        avg(in_stock) as in_stock
    from sales_now
    where date >= $since and date < $until
    group by all
)
select sku, week, sum(units / greatest(coalesce(in_stock, 1), 0.5)) as units
from daily
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
group by all

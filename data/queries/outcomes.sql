-- One row per SKU, door and week from $since to $until: units sold, and whether the shelf ran
-- empty (null: nothing says so). units_lost is what the share of the week on the shelf lets expect,
-- at most as much again as was sold; null where that share is not known.
with sold as (
    select sku, door, (date - dayofweek(date)::int)::date as week,
        sum(greatest(units, 0)) as units, avg(in_stock) as in_stock
    from sales_now
    where date >= $since and date < $until
    group by all
),
counted as (
    select sku, door, (date - dayofweek(date)::int)::date as week,
        arg_max(on_hand, date) as on_hand
    from inventory_now
    where date >= $since and date < $until
    group by all
)
select sku, door, week, coalesce(units, 0) as units, on_hand,
    case
        when in_stock is not null then in_stock < 1
        when on_hand is not null then on_hand <= 0
    end as stocked_out,
    case when in_stock is not null
        then least(units / greatest(in_stock, 0.01) - units, units + 1) end as units_lost
from sold full join counted using (sku, door, week)
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
order by sku, door, week

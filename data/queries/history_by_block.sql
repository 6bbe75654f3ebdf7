-- The history of a fit, $as_of its last week, with the block of each SKU (blocks: sku, block).
-- The last week of doors that did not report all of it ($cut) is left out, it would count whole.
-- Returns in rows of their own are left out: they take nothing back of what was wanted. Where they are
-- taken off the units of a week (netted_doors), what a week has below zero is taken off the sales
-- before it: the total stands.
with sold as (
    select sku, door, week_of(date) as week, sum(units) as net, sum(greatest(units, 0)) as gross,
        avg(in_stock) as in_stock, min(units) < 0 as is_below
    from sales_now
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
    semi join blocks using (sku)
    where date < $as_of + 7 and date >= $since
        and not (date >= $as_of and door in (select unnest($cut::varchar[])))
    group by sku, door, week
),
owing as (
    select distinct sku, door from sold
    semi join netted_doors($as_of::date + 7) as netted using (door)
    where is_below
),
-- From the last week back: what a week is below zero is owed by those before it.
reached as (
    select *, greatest(max(total) over back, 0) as most
    from (
        select sold.*, sum(net) over (
            partition by sku, door order by week desc rows unbounded preceding) as total
        from sold semi join owing using (sku, door)
    )
    window back as (partition by sku, door order by week desc rows unbounded preceding)
),
told as (
    select sku, door, week, gross as units, in_stock from sold anti join owing using (sku, door)
    union all
    select sku, door, week,
        most - lag(most, 1, 0) over (partition by sku, door order by week desc), in_stock
    from reached
),
counted as (
    select sku, door, week_of(date) as week, arg_max(on_hand, date) as on_hand
    from inventory_now
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
    semi join blocks using (sku)
    where date < $as_of + 7 and date >= $since
    group by sku, door, week
)
select any_value(block) as block, sku, door, week, any_value(units) as units,
    any_value(in_stock) as in_stock, any_value(on_hand) as on_hand
from told full join counted using (sku, door, week)
join blocks using (sku)
group by sku, door, week

-- The history of a fit, $as_of its last week, with the block of each SKU (blocks: sku, block).
-- The last week of doors that did not report all of it ($cut) is left out, it would count whole.
-- Returns in rows of their own are left out: they take nothing back of demand. Where they are
-- taken off the units of a week (netted_doors), what a week has below zero is taken off the sales
-- before it: the total stands.
with sold as (
    select sku, door, date, units, in_stock from sales_now
    where date < $as_of + 7 and date >= $since
        and not (date >= $as_of and door in (select unnest($cut::varchar[])))
),
owing as (
    select distinct sku, door from sold
    semi join netted_doors($as_of::date + 7) as netted using (door)
    where units < 0
),
-- From the last week back: what a week is below zero is owed by those before it.
reached as (
    select *, greatest(max(total) over back, 0) as most
    from (
        select sku, door, week_of(date) as week, sum(greatest(units, 0)) as gross,
            sum(sum(units)) over (partition by sku, door order by week_of(date) desc) as total
        from sold semi join owing using (sku, door)
        group by sku, door, week_of(date)
    )
    window back as (partition by sku, door order by week desc rows unbounded preceding)
),
reports as (
    select sku, door, date, greatest(units, 0) as units, in_stock, null::double as on_hand from sold
    union all
    select sku, door, week,
        most - lag(most, 1, 0) over (partition by sku, door order by week desc) - gross, null, null
    from reached
    union all
    select sku, door, date, null, null, on_hand from inventory_now
    where date < $as_of + 7 and date >= $since
)
select any_value(block) as block, sku, door, week_of(date) as week,
    sum(units) as units, avg(in_stock) as in_stock, arg_max(on_hand, date) as on_hand
from reports
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
join blocks using (sku)
group by sku, door, week

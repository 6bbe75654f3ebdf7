-- The history of a fit, $as_of its last week, with the block of each SKU (blocks: sku, block).
-- The last week of doors that did not report all of it ($cut) is left out, it would count whole.
-- Returns are left out: they take nothing back of what was wanted.
with reports as (
    select sku, door, date, greatest(units, 0) as units, in_stock, null::double as on_hand
    from sales_now
    where not (date >= $as_of and door in (select unnest($cut::varchar[])))
    union all
    select sku, door, date, null, null, on_hand from inventory_now
)
select any_value(block) as block, sku, door, week_of(date) as week,
    sum(units) as units, avg(in_stock) as in_stock, arg_max(on_hand, date) as on_hand
from reports
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
join blocks using (sku)
where date < $as_of + 7 and date >= $since
group by sku, door, week

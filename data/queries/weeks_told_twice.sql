-- One row per door of which most weeks up to the one of $as_of are told twice: each SKU has two rows
-- of the same units, on two days. Of the last 13 weeks: the cells (SKU and week) that are,
-- an example, and their units. Order: door.
with cells as (
    select sku, door, week_of(date) as week, min(date) as first_day,
        max(date) as last_day, count(distinct date) as days, min(units) as least,
        max(units) as most
    from sales_now where date >= $as_of - 84 and date < $as_of + 7
    group by all
)
select door, count(*) filter (days = 2 and least = most) as twice, arg_max(sku, week) as sku,
    max(first_day) as first_day, max(last_day) as last_day,
    sum(most) filter (days = 2 and least = most) as units
from cells where most > 0
group by door
having twice >= 0.8 * count(*) and count(distinct week) >= 4
order by door

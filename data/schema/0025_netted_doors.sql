-- Doors of which the units of a week have returns taken off already, by the year before a day: a week of
-- theirs is below zero at times, and hardly ever has a sale of the SKU and a return beside each
-- other (a tenth of what chance would bring together, where that would be five or more).
create macro netted_doors(until) as table
with below as (
    select distinct door from sales_now where units < 0 and date >= until - 364 and date < until
),
cells as (
    select sku, door, week_of(date) as week, min(units) < 0 as is_below, max(units) > 0 as is_sold
    from sales_now semi join below using (door)
    where date >= until - 364 and date < until
    group by all
),
series as (
    select sku, door, count(*) filter (is_below) as below, count(*) filter (is_below and is_sold) as beside,
        count(*) filter (is_sold) / ((max(week) - min(week)) // 7 + 1) as share
    from cells group by all
)
select door from series group by door
having sum(below * share) >= 5 and sum(beside) <= 0.1 * sum(below * share)

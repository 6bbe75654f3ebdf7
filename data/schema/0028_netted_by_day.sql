-- Doors of which units have returns taken off already, by the year before a day. Where a door tells of
-- sales by the week, a week of theirs is below zero at times, and hardly ever has a sale of the SKU and
-- a return beside each other (a tenth of what chance would bring together, where that would be five or
-- more). Where it tells of them by the day (on three days of the week or more), the same of days: a day
-- is one row, below zero at times, where the SKU sells on that day of other weeks. A gross file has
-- both beside each other on one day.
create or replace macro netted_doors(until) as table
with below as (
    select distinct door from sales_now where units < 0 and date >= until - 364 and date < until
),
rows_of as (
    select sku, door, date, week_of(date) as week, day_of_week(date) as day, units
    from sales_now semi join below using (door)
    where date >= until - 364 and date < until
),
grain as (
    select door, count(distinct day) filter (units > 0) >= 3 as by_day
    from rows_of group by door
),
cells as (
    select sku, door, case when by_day then day else 0 end as day,
        case when by_day then date else week end as told, any_value(week) as week,
        min(units) < 0 as is_below, max(units) > 0 as is_sold
    from rows_of join grain using (door)
    group by all
),
spans as (
    select sku, door, (max(week) - min(week)) // 7 + 1 as weeks from cells group by all
),
series as (
    select sku, door, count(*) filter (is_below) as below,
        count(*) filter (is_below and is_sold) as beside,
        least(count(*) filter (is_sold) / any_value(weeks), 1) as share
    from cells join spans using (sku, door) group by sku, door, day
)
select door from series group by door
having sum(below * share) >= 5 and sum(beside) <= 0.1 * sum(below * share)

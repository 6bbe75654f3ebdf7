-- One row per selling door and day with sales rows, of the $weeks oldest weeks with sales.
-- Order: door, date.
with oldest as (
    select distinct week_of(date) as week
    from sales_now order by week limit $weeks
)
select distinct door, date
from sales_now
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
where date < (select max(week) from oldest) + 7
order by door, date

-- One row per selling door and day with sales rows, of the $weeks newest weeks with sales: units
-- sold, and the share of the day on the shelf. Order: door, date.
with newest as (
    select distinct week_of(date) as week
    from sales_now order by week desc limit $weeks
)
select door, date, sum(greatest(units, 0)) as units, avg(in_stock) as in_stock
from sales_now
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
where date >= (select min(week) from newest)
group by all
order by door, date

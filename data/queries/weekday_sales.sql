-- One row per day of the week (0 is its first) of the last year up to $as_of: rows and units.
select day_of_week(date) as day, count(*) as sold_on, sum(greatest(units, 0)) as units
from sales_now
where date < $as_of + 7 and date >= $as_of - 357
group by all
order by day

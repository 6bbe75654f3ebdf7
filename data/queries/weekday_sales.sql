-- One row per day of the week (0 is Sunday) of the last year up to $as_of: rows and units.
select dayofweek(date)::int as day, count(*) as sold_on, sum(greatest(units, 0)) as units
from sales_now
where date < $as_of + 7 and date >= $as_of - 357
group by all
order by day

-- The first day of the last week with sales, null where there are none.
select max(date - dayofweek(date)::int)::date as week from sales_now

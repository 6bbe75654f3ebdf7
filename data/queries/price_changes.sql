-- One row per change of a regular price, by week. Order: week.
select sku, door, week_of(date) as week, regular_price
from prices_now
order by week, date, sku, door, regular_price

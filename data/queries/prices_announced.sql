-- One row per regular price that comes after the week of $as_of, by SKU, door (null: all doors)
-- and the week from which it holds. Order: week, general prices first.
select sku, door, week_of(date) as week,
    arg_max(regular_price, date) as regular_price
from prices_now
where date >= $as_of + 7
group by all
order by week, door nulls first, sku

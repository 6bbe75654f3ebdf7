-- One row per SKU and door (null: all doors) with its regular price in the week of $as_of.
select sku, door, arg_max(regular_price, date) as regular_price
from prices_now
where date < $as_of + 7
group by all

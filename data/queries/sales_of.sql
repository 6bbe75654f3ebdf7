-- One row per SKU and week from $since to $until over all doors: units sold, and revenue (null:
-- unknown).
select sku, week_of(date) as week, sum(units) as units,
    sum(revenue) as revenue
from sales_now
where date >= $since and date < $until
group by all

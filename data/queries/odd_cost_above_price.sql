-- One row per class with SKUs that cost more than their regular price. count: such SKUs; weight: what they
-- sold in 13 weeks.
with now as (
    select sku, avg(regular_price) as price from (
        select sku, door, arg_max(regular_price, date) as regular_price
        from prices_now, last_known where day is null or date <= day group by sku, door
    ) group by sku
),
recent as (select sku, sum(units) as units from recent_units group by sku)
select class as subject, count(*) as count,
    arg_max(printf('%s: costs %s, sells for %s', skus_now.sku, told_price(unit_cost), told_price(coalesce(price, unit_price))),
        unit_cost - coalesce(price, unit_price)) as example,
    coalesce(sum(recent.units), 0) as weight, list('sku/' || skus_now.sku) as touches
from skus_now
left join now on now.sku = skus_now.sku
left join recent on recent.sku = skus_now.sku
where unit_cost > coalesce(price, unit_price)
group by class
order by weight desc, subject

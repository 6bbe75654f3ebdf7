-- One row per door whose units have returns taken off. subject: the door; count: rows below zero in a
-- year; weight: units of them.
with below as (
    select sales_now.door, count(*) as count, -sum(units) as units,
        arg_min(printf('%s of %s on %s', told_number(units, 0), sku, told_day(date)), units) as example
    from sales_now, last_known
    where units < 0 and date > day - 364
    group by sales_now.door
)
select below.door as subject, count, example, units as weight, ['door/' || below.door] as touches
from below semi join (
    from netted_doors((select week + 7 from last_known))
) as netted on netted.door = below.door
order by weight desc, subject

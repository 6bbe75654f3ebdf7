-- One row per door that sold SKUs in the last 13 weeks which are ranged, but not there or not then. count:
-- such SKUs; weight: units.
select sold.door as subject, count(distinct sold.sku) as count,
    arg_max(printf('%s: %s units, last on %s', sold.sku, told_number(units, 0), told_day(last)), units) as example,
    sum(units) as weight,
    list_concat(['door/' || sold.door], list(distinct 'sku/' || sold.sku)) as touches
from (
    select sku, door, sum(sales.units) as units, max(date) as last
    from sales_now as sales, last_known
    where date > day - 91 and sales.units > 0 and sku in (select sku from ranging_now)
        and not exists (
            from ranging_now as listed
            where listed.sku = sales.sku and listed.door = sales.door
                and coalesce(listed."from", sales.date) <= sales.date + 6
                and coalesce(listed."to", sales.date) >= sales.date - 6
        )
    group by sku, door
) as sold
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') as selling on selling.door = sold.door
group by sold.door
order by weight desc, subject

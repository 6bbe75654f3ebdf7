-- One row per door with stock counted in weeks before a SKU could be sold there: before its launch or ranging,
-- before the door's first sale, or two weeks and more before its own. count: SKUs; weight: units they waited with.
-- Order: weight.
with begun as (
    select sku, door, min(greatest(first_day, since)) as since
    from could_sell($as_of::date + 7) group by sku, door
),
waiting as (
    select held.sku, held.door, count(distinct week_of(date)) as weeks, max(on_hand) as units
    from inventory_now as held
    join begun on begun.sku = held.sku and begun.door = held.door
    where on_hand > 0 and (begun.since is null or week_of(date) + 6 < begun.since)
    group by held.sku, held.door
    having weeks > 1
)
select door as subject, count(*) as count, arg_max(sku, units) as sku,
    arg_max(weeks, units) as weeks, sum(units) as weight
from waiting
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') as selling using (door)
group by door
order by weight desc, subject

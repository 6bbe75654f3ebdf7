-- One row per activation with featured SKUs that stand as known only after its first day, though it was known
-- itself. count: such rows; weight: what the SKUs sold in 13 weeks.
with recent as (select sku, sum(units) as units from recent_units group by sku),
late as (
    select distinct items.activation, items.known_from, one.start, coalesce(items.sku, skus_now.sku) as sku
    from activation_items_now as items
    join activations_now as one on one.activation = items.activation
    left join skus_now on items.sku is null and skus_now.style = items.style
    where items.known_from > one.start and (one.known_from is null or one.known_from <= one.start)
        and coalesce(one.status, 'planned') <> 'cancelled'
)
select activation as subject, count(*) as count,
    arg_max(printf('%s known from %s, began %s', late.sku, told_day(known_from),
        told_day(start)), known_from) as example,
    coalesce(sum(recent.units), 0) as weight,
    list_concat(['activation/' || activation], list(distinct 'sku/' || late.sku)) as touches
from late
left join recent on recent.sku = late.sku
group by activation
order by weight desc, subject

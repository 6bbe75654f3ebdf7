-- One row per activation that stands as known only after its first day. weight: what its SKUs sold in 13 weeks.
with recent as (select sku, sum(units) as units from recent_units group by sku),
item as (
    select distinct items.activation, coalesce(items.sku, skus_now.sku) as sku
    from activation_items_now as items
    left join skus_now on items.sku is null and skus_now.style = items.style
)
select one.activation as subject, 1 as count,
    printf('known from %s, began %s', told_day(any_value(one.known_from)),
        told_day(any_value(one.start))) as example,
    coalesce(sum(recent.units), 0) as weight, ['activation/' || one.activation] as touches
from activations_now as one
left join item on item.activation = one.activation
left join recent on recent.sku = item.sku
where one.known_from > one.start and coalesce(one.status, 'planned') <> 'cancelled'
group by one.activation
order by weight desc, subject

-- One row per coming activation with featured SKUs of which there is no stock and nothing on order at any
-- door. count: such SKUs; weight: what they sold in 13 weeks.
with held as (
    select sku from last_count where on_hand > 0
    union
    select sku from receipts_now where coalesce(status, 'confirmed') <> 'received' and received is null
),
recent as (select sku, sum(units) as units from recent_units group by sku)
select activation as subject, count(distinct item.sku) as count,
    printf('%s in %s', min(item.sku), coalesce(any_value(name), activation)) as example,
    coalesce(sum(recent.units), 0) as weight,
    list_concat(['activation/' || activation], list(distinct 'sku/' || item.sku)) as touches
from (
    select distinct activation, name, coming_item.sku
    from coming_item join skus_now on skus_now.sku = coming_item.sku
    where exit_date is null or exit_date >= start
) as item
anti join held on held.sku = item.sku
left join recent on recent.sku = item.sku
where exists (from inventory_now)
group by activation
order by weight desc, subject

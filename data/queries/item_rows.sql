-- One row per featured SKU as imported; a style stands for all its SKUs. Order: activation, sku, door.
select items.activation, coalesce(items.sku, skus_now.sku) as sku, items.door, items.discount,
    items.lift, items.known_from, items.sku is null as of_style,
    items.batch
from activation_items_now as items
left join skus_now on items.sku is null and skus_now.style = items.style
where coalesce(items.sku, skus_now.sku) is not null
order by items.activation, sku, items.door

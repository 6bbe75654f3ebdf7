-- One row per featured SKU as imports that were in force at the moment $seq gave it; a style
-- stands for all its SKUs; as item_rows. Order: activation, sku, door.
with items as (
    select * from activation_items
    where batch in (
        select seq from event
        where kind = 'import' and seq <= $seq and seq not in (
            select (body ->> 'batch')::bigint from event where kind = 'rollback' and seq <= $seq
        )
    )
    qualify batch = max(batch) over (partition by activation)
)
select items.activation, coalesce(items.sku, skus_now.sku) as sku, items.door, items.discount,
    items.lift, items.known_from, items.sku is null as of_style,
    items.batch
from items
left join skus_now on items.sku is null and skus_now.style = items.style
where coalesce(items.sku, skus_now.sku) is not null
order by items.activation, sku, items.door

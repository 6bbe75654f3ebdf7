-- One row per SKU and selling door with a forecast: where it is ranged, and since and until when.
with recent as (
    select distinct sku, door from sales_now where date >= $as_of - 84 and date < $as_of + 7
    union
    select distinct sku, door from inventory_now
    where date >= $as_of - 84 and date < $as_of + 7 and on_hand > 0
),
ever as (
    select distinct sku, door from sales_now where date < $as_of + 7
    union
    select sku, door from ranging_now
),
listed as (
    select sku, door, min(coalesce("from", date '1990-01-01')) as since,
        max(coalesce("to", date '2100-12-31')) as until
    from ranging_now group by all
)
select ever.sku, ever.door,
    greatest(listed.since, skus_now.launch_date) as ranged_from,
    case
        when listed.sku is not null then least(listed.until, skus_now.exit_date)
        when listed_sku.sku is null and recent.sku is not null then skus_now.exit_date
        else date '1990-01-01'
    end as ranged_to
from ever
join skus_now on skus_now.sku = ever.sku
join doors_now on doors_now.door = ever.door and coalesce(doors_now.kind, 'store') <> 'dc'
left join listed on listed.sku = ever.sku and listed.door = ever.door
left join (select distinct sku from ranging_now) as listed_sku on listed_sku.sku = ever.sku
left join recent on recent.sku = ever.sku and recent.door = ever.door
order by ever.sku, ever.door

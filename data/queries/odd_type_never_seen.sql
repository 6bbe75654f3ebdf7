-- One row per type of a coming activation that no past activation with SKUs had, where there are past ones.
-- count: coming activations of it; weight: what their SKUs sold in 13 weeks.
with past as (
    select distinct one.type from activations_now as one
    join activation_items_now using (activation), last_known
    where one.start <= day and coalesce(one.status, 'planned') <> 'cancelled'
),
recent as (select sku, sum(units) as units from recent_units group by sku)
select type as subject, count(distinct activation) as count,
    printf('%s; types with a history: %s', min(activation), (select string_agg(type, ', ' order by type) from past)) as example,
    coalesce(sum(recent.units), 0) as weight, list(distinct 'activation/' || activation) as touches
from (select distinct activation, type, sku from coming_item where start > (select day from last_known)) as item
left join recent on recent.sku = item.sku
where type not in (from past) and exists (from past)
group by type
order by weight desc, subject

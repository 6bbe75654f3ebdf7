-- One row per activation, past or coming, with price cuts of nine tenths or more. count: such SKUs; weight: what
-- they sold in 13 weeks.
with item as (
    select one.activation, one.name, one."end", coalesce(items.sku, skus_now.sku) as sku, max(items.discount) as discount
    from activations_now as one
    join activation_items_now as items using (activation)
    left join skus_now on items.sku is null and skus_now.style = items.style
    where items.discount >= 0.9 and coalesce(one.status, 'planned') <> 'cancelled'
    group by all
),
recent as (select sku, sum(units) as units from recent_units group by sku)
select activation as subject, count(*) as count,
    arg_max(printf('%s at %s%% off', item.sku, told_number(100 * discount, 0)), discount) as example,
    coalesce(sum(recent.units), 0) as weight,
    list_concat(['activation/' || activation], list('sku/' || item.sku)) as touches
from item
left join recent on recent.sku = item.sku
group by activation
order by weight desc, subject

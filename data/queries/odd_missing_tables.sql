-- One row per table, or column of skus, that the numbers need and that nothing stands in. subject: its
-- name; count: SKUs without it.
with recent as (select coalesce(sum(units), 0) as units from recent_units),
n as (select count(*) as skus from skus_now),
gaps as (
    select 'inventory' as subject, (select skus from n) as count
    where not exists (from inventory_now)
    union all
    select 'receipts', (select skus from n) where not exists (from receipts_now)
    union all
    select 'prices', count(*) from skus_now
    where sku not in (select sku from prices_now) and unit_price is null
    union all
    select 'activations', (select skus from n) where not exists (from activations_now)
    union all
    select 'skus.lead_time_weeks', count(*) from skus_now where lead_time_weeks is null
    and sku not in (select sku from term_from where term = 'lead_time_weeks')
    union all
    select 'skus.unit_cost', count(*) from skus_now where unit_cost is null
    and sku not in (select sku from term_from where term = 'unit_cost')
)
select subject, count,
    case when subject like 'skus.%' or subject = 'prices'
        then printf('%s of %s SKUs have none', told_number(count, 0), told_number(n.skus, 0))
        else 'the table has no rows' end as example,
    recent.units * count / greatest(n.skus, 1) as weight, []::varchar[] as touches
from gaps, n, recent
where count > 0 and n.skus > 0 and (recent.units > 0 or exists (from sales_now))
order by weight desc, subject

-- One row per coming activation that features no SKU. weight: units of as many SKUs as others feature.
with usual as (
    select count(*) / greatest(count(distinct activation), 1) as skus
    from coming_item where sku is not null
),
pace as (select sum(units) / count(distinct sku) as units from recent_units)
select activation as subject, 1 as count,
    printf('%s, %s to %s', coalesce(name, activation), told_day(start),
        told_day("end")) as example,
    coalesce(pace.units * greatest(usual.skus, 1), 0) as weight, ['activation/' || activation] as touches
from coming_item, usual, pace
where sku is null
order by weight desc, subject

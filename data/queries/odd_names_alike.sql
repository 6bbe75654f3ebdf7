-- One row per two or more names of one table that differ only by case, blanks or leading zeros. count: such
-- names; weight: what they sold in 13 weeks.
with names as (
    select 'SKU' as what, skus_now.sku as name, coalesce(sum(units), 0) as units
    from skus_now left join recent_units as recent on recent.sku = skus_now.sku group by all
    union all
    select 'door', doors_now.door, coalesce(sum(units), 0)
    from doors_now left join recent_units as recent on recent.door = doors_now.door group by all
    union all
    select 'class', class, coalesce(sum(units), 0)
    from skus_now left join recent_units as recent on recent.sku = skus_now.sku group by all
    union all
    select 'activation', activation, 0 from activations_now
    union all
    select distinct 'type of activation', type, 0 from activations_now
)
select printf('%s %s', what, min(name)) as subject, count(*) as count,
    string_agg('''' || name || '''', ' and ' order by name) as example,
    sum(units) as weight, list(lower(what) || '/' || name) as touches
from (
    select *, coalesce(nullif(ltrim(lower(regexp_replace(name, '\s+', '', 'g')), '0'), ''), '0') as bare
    from names
)
group by what, bare
having count(*) > 1
order by weight desc, subject

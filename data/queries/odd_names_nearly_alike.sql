-- One row per two names of one kind that differ by two letters changed about, or by one letter more or
-- less: a channel, region, class, department, supplier, type of activation, or metric that was misspelt. Another
-- letter in its place (Shirts, Skirts) and other digits are another name. subject: the one
-- that is seen less; count: its rows; weight: what its SKUs or doors sold in 13 weeks.
with sold_at as (select door, sum(units) as units from recent_units group by door),
sold_of as (select sku, sum(units) as units from recent_units group by sku),
names as (
    select 'channel' as what, channel as name, count(*) as n, sum(units) as units, list('door/' || doors_now.door) as touches
    from doors_now left join sold_at on sold_at.door = doors_now.door group by all
    union all
    select 'region', region, count(*), sum(units), list('door/' || doors_now.door)
    from doors_now left join sold_at on sold_at.door = doors_now.door group by all
    union all
    select 'class', class, count(*), sum(units), ['class/' || class]
    from skus_now left join sold_of on sold_of.sku = skus_now.sku group by all
    union all
    select 'department', department, count(*), sum(units), ['department/' || department]
    from skus_now left join sold_of on sold_of.sku = skus_now.sku group by all
    union all
    select 'supplier', supplier, count(*), sum(units), ['supplier/' || supplier]
    from skus_now left join sold_of on sold_of.sku = skus_now.sku group by all
    union all
    select 'type of activation', type, count(*), 0, list('activation/' || activation) from activations_now group by all
    union all
    select 'channel of an activation', channel, count(*), 0, list('activation/' || activation) from activations_now group by all
    union all
    select 'metric', metric, count(*), 0, []::varchar[] from kpis_now group by all
    union all
    select 'channel of a metric', channel, count(*), 0, []::varchar[] from kpis_now group by all
),
spelled as (
    select *, lower(trim(name)) as low, regexp_replace(name, '\D', '', 'g') as digits
    from names where length(trim(name)) > 2
)
select rare.what || ' ' || rare.name as subject, rare.n as count,
    printf('''%s'', beside ''%s'' (rows: %s)', rare.name, usual.name, told_number(usual.n, 0)) as example,
    coalesce(rare.units, 0) as weight, rare.touches as touches
from spelled as rare
join spelled as usual on usual.what = rare.what and usual.digits = rare.digits
    and (usual.n, usual.low) > (rare.n, rare.low)
where damerau_levenshtein(rare.low, usual.low) = 1
    and (length(rare.low) <> length(usual.low) or levenshtein(rare.low, usual.low) = 2)
qualify row_number() over (partition by rare.what, rare.name order by usual.n desc, usual.name) = 1
order by weight desc, subject

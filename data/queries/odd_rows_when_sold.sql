-- One row per door whose sales hold rows only of what sold: of the weeks of its SKUs from their first
-- sale there on, a tenth or more have no row. count: SKU weeks without; weeks: of all; weight: units that would be
-- expected too many in 13 weeks, were they not taken as none sold. Order: weight.
with rows as (
    select sku, door, count(distinct week_of(date)) as weeks, min(week_of(date)) as first,
        max(week_of(date)) as last, bool_or(units = 0) as has_zero,
        sum(greatest(units, 0)) as units
    from sales_now group by sku, door
),
sparse as (
    select door, sku, units, weeks, (last - first) // 7 + 1 as all_weeks from rows
),
zeros as (select door, avg(has_zero::int) as share from rows group by door)
select sparse.door as subject, sum(all_weeks - weeks)::bigint as count,
    sum(all_weeks)::bigint as weeks, arg_max(sku, all_weeks - weeks) as sku,
    max(all_weeks - weeks)::bigint as most,
    sum(13 * (units / weeks - units / all_weeks)) as weight
from sparse join zeros using (door)
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') as selling on selling.door = sparse.door
where zeros.share < 0.05
group by sparse.door
having sum(all_weeks - weeks) >= 0.1 * sum(all_weeks)
order by weight desc, subject

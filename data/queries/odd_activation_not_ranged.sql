-- One row per coming activation with featured SKUs that are ranged elsewhere or at other times only; of a
-- featured style where that holds for all its SKUs. count: such SKUs; weight: what they sold in 13 weeks.
with recent as (select sku, sum(units) as units from recent_units group by sku),
judged as (
    select *, sku not in (select sku from ranging_now) or exists (
        from ranging_now as listed
        where listed.sku = item.sku and (item.door is null or listed.door = item.door)
            and coalesce(listed."from", item.start) <= item."end"
            and coalesce(listed."to", item."end") >= item.start
    ) as is_ranged
    from coming_item as item
    where sku is not null
),
outside as (
    select activation, name, sku, door
    from judged
    qualify not bool_or(is_ranged) over (partition by activation, coalesce(style, sku), door, style is null)
)
select activation as subject, count(distinct item.sku) as count,
    printf('%s%s in %s', min(item.sku), coalesce(' at ' || arg_min(item.door, item.sku), ''),
        coalesce(any_value(name), activation)) as example,
    coalesce(sum(recent.units), 0) as weight,
    list_concat(['activation/' || activation], list(distinct 'sku/' || item.sku)) as touches
from outside as item
left join recent on recent.sku = item.sku
group by activation
order by weight desc, subject

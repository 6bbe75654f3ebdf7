-- One row per version, SKU and week in which function $function changed the number: the reason
-- given for most of what it added.
with parts as (
    select part.version, part.sku, part.reason, abs(part.units[place]) as size,
        (version.first_week + (7 * (place - 1))::int)::date as week
    from version_part as part
    join version using (version)
    cross join unnest(range(1, len(part.units) + 1)) as places (place)
    where part.kind = 'voice' and part.name = $function and part.units[place] <> 0
)
select version, sku, week, arg_max(reason, size) as reason from parts group by all

-- What published versions expected of activations: one row per activation and SKU, units. $activations
-- and $versions: activations, and beside each the version that is asked. What functions and the
-- meeting moved in a week of its lift is its own, split by lift where activations met.
with asked as (
    select unnest($activations::varchar[]) as activation, unnest($versions::bigint[]) as version
),
concerned as (
    select distinct part.version, part.sku
    from version_part as part
    join asked on asked.version = part.version and asked.activation = part.name
    where part.kind = 'lift'
),
parts as (
    select version, sku, kind, name, unnest(units) as units,
        unnest(generate_series(1, len(units))) as place
    from version_part
    semi join concerned using (version, sku)
    where kind in ('lift', 'voice', 'floor', 'agreement')
),
lifted as (
    select version, sku, place, sum(units) as units from parts where kind = 'lift' group by all
),
moved as (
    select version, sku, place, sum(units) as units from parts where kind <> 'lift' group by all
)
select asked.activation, parts.sku,
    sum(parts.units + coalesce(moved.units, 0) * parts.units / lifted.units) / 1000 as planned_lift
from asked
join parts on parts.version = asked.version and parts.kind = 'lift' and parts.name = asked.activation
join lifted on lifted.version = parts.version and lifted.sku = parts.sku
    and lifted.place = parts.place and lifted.units <> 0
left join moved on moved.version = parts.version and moved.sku = parts.sku
    and moved.place = parts.place
where parts.units <> 0
group by asked.activation, parts.sku

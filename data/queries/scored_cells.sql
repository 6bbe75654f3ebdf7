-- One row per SKU and week whose demand is known, forecast $least_lag weeks before or more: every
-- layer of the last version published by then, in units. A week that no version foresaw at that
-- lag is left out: a later one would know too much.
with cells as (
    select version.version, version.cycle, version.as_of, layers.sku,
        (version.first_week + (7 * (place - 1))::int)::date as week,
        layers.naive[place] / 1000.0 as naive, layers.statistical[place] / 1000.0 as statistical,
        layers.marketing[place] / 1000.0 as marketing,
        layers.merchandising[place] / 1000.0 as merchandising,
        layers.planning[place] / 1000.0 as planning, layers.proposed[place] / 1000.0 as proposed,
        layers.consensus[place] / 1000.0 as consensus
    from version
    join version_sku as layers using (version)
    cross join unnest(range(1, len(layers.consensus) + 1)) as places (place)
    where version.first_week + (7 * (place - 1))::int <= $last_week
),
due as (
    select * from cells
    where datediff('day', as_of, week) // 7 >= $least_lag
    qualify row_number() over (partition by sku, week order by as_of desc, version desc) = 1
)
select due.*, datediff('day', as_of, week) // 7 as lag, skus_now.class, skus_now.department
from due
join skus_now using (sku)

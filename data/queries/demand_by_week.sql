-- One row per SKU and week from $since to $until: units that were demand over all doors. Sales
-- over the share of the week on the shelf; where that was less than half, as if it were half. Null:
-- not known, because doors told of nothing that usually sell a twentieth of it or more.
with daily as (
    select sku, door, week_of(date) as week,
        case when any_value(netted) then greatest(sum(units), 0)
            else sum(greatest(units, 0)) end as units,
        avg(in_stock) as in_stock
    from sales_now
    left join (select door, true as netted from netted_doors($until::date)) as net using (door)
    where date >= $since and date < $until
    group by all
),
demand as (
    select *, units / greatest(coalesce(in_stock, 1), 0.5) as demand from daily
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
),
shares as (
    select sku, door, sum(demand) / sum(sum(demand)) over (partition by sku) as share
    from demand group by sku, door
),
silent as (
    select door, week from door_reports($until::date)
    where told = 'silent' and week >= $since and week < $until
),
missing as (
    select shares.sku, silent.week
    from silent join shares using (door)
    join could_sell_now as could on could.sku = shares.sku and could.door = shares.door
    where days_open(silent.week, could.spans) > 0
    group by all having sum(share) >= 0.05
),
told as (select sku, week, sum(demand) as units from demand group by all)
select coalesce(told.sku, missing.sku) as sku, coalesce(told.week, missing.week) as week,
    case when missing.sku is null then told.units end as units
from told full join missing on missing.sku = told.sku and missing.week = told.week

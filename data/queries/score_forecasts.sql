-- The last version that foresaw each SKU and week in time, beside demand, into forecast_cell: for
-- the Bridge $bridge_lag weeks ahead or more, for the buy a SKU's lead time in force then and a week
-- or more (six weeks where none is stated). A week that no version foresaw in time is left out, and one of which a
-- door that sells the SKU did not tell what it sold; $since is the
-- first week that any foresaw.
insert into forecast_cell by name
with version_row as (
    select version_week.*, (coalesce(told.value, skus.lead_time_weeks, 6) + 1)::int as buy_lag
    from version_week
    join skus_now as skus on skus.sku = version_week.sku
    asof left join (
        select sku, week, value from term_from where term = 'lead_time_weeks'
    ) as told on told.sku = version_week.sku and version_week.as_of >= told.week
    where version_week.week <= $as_of
),
due as (
    select horizon, version_row.* exclude (buy_lag)
    from version_row, (values ('bridge'), ('buy')) as asked (horizon)
    where lag >= case horizon when 'buy' then buy_lag else $bridge_lag::int end
    qualify row_number() over (
        partition by horizon, sku, week order by as_of desc, version desc
    ) = 1
),
daily as (
    select sku, door, week_of(date) as week,
        case when any_value(netted) then greatest(sum(units), 0)
            else sum(greatest(units, 0)) end as units,
        avg(in_stock) as in_stock
    from sales_now
    left join (select door, true as netted from netted_doors($as_of::date + 7)) as net using (door)
    where date >= $since
    group by all
),
demand as (
    select sku, week, sum(units / greatest(coalesce(in_stock, 1), 0.5)) as actual
    from daily
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
    group by all
),
untold as (
    select distinct could.sku, reports.week
    from door_reports($as_of::date + 7) as reports
    join could_sell_now as could on could.door = reports.door
    where reports.told = 'silent' and reports.week >= $since
        and days_open(reports.week, could.spans) > 0
)
select due.* exclude (as_of, cycle), demand.actual, quarters.quarter,
    promoted.sku is not null as promoted
from due
join demand using (sku, week)
anti join untold on untold.sku = due.sku and untold.week = due.week
join score_quarter as quarters on due.week between quarters.first_week and quarters.last_week
left join (select distinct sku, week from promoted_week) as promoted using (sku, week)

-- One row per SKU and selling door: the latest count up to $as_of, usual weeks of supply, and the
-- usual position: stock and orders under way at the end of each of the last four weeks, their
-- median; null where no order says when it was placed.
with counted as (
    select sku, door, (date - dayofweek(date)::int)::date as week, date, on_hand, in_transit
    from inventory_now
    where date < $as_of + 7
),
latest as (
    select sku, door, arg_max(on_hand, date) as on_hand, arg_max(in_transit, date) as in_transit,
        arg_max(week, date) as week
    from counted group by all
),
usual as (
    select sku, door, avg(on_hand) as on_hand from counted where week > $as_of - 182 group by all
),
pace as (
    select sku, door, sum(units) / 26.0 as units from sales_now
    where date > $as_of - 182 and date < $as_of + 7 group by all
),
weekly as (
    select sku, door, week, arg_max(on_hand, date) as on_hand
    from counted where week > $as_of - 28 group by all
),
placed as (
    select sku, door, ordered, units,
        coalesce(received, case when status = 'received' then eta else date '2999-12-31' end) as came
    from receipts_now
    where ordered < $as_of + 7 and coalesce(status, 'confirmed') <> 'planned'
),
held as (
    select weekly.sku, weekly.door, weekly.week,
        any_value(weekly.on_hand) + coalesce(sum(placed.units), 0) as units
    from weekly
    semi join placed using (sku, door)
    left join placed on placed.sku = weekly.sku and placed.door = weekly.door
        and placed.ordered < weekly.week + 7 and placed.came >= weekly.week + 7
    group by all
),
positions as (select sku, door, median(units) as units from held group by all)
select latest.sku, latest.door, greatest(latest.on_hand, 0) as on_hand, latest.in_transit,
    latest.week, usual.on_hand / nullif(pace.units, 0) as cover,
    positions.units as position
from latest
left join usual on usual.sku = latest.sku and usual.door = latest.door
left join pace on pace.sku = latest.sku and pace.door = latest.door
left join positions on positions.sku = latest.sku and positions.door = latest.door

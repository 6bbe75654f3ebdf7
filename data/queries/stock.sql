-- One row per SKU and selling door: the latest count up to $as_of, and usual weeks of supply.
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
)
select latest.sku, latest.door, greatest(latest.on_hand, 0) as on_hand, latest.in_transit,
    latest.week, usual.on_hand / nullif(pace.units, 0) as cover
from latest
left join usual on usual.sku = latest.sku and usual.door = latest.door
left join pace on pace.sku = latest.sku and pace.door = latest.door

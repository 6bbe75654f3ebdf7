-- One row per SKU and selling door: the latest count up to $as_of, usual weeks of supply, and how
-- the SKU is ordered. Stock below zero is owed to customers. `every` is the number of weeks between its orders, and `due` a week in which one
-- arrives, null where that may be any. `position` is stock and orders under way after the last
-- order: the most at the end of a week since it was last due to be ordered; null where no order
-- says when it was placed.
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
    select sku, door, sum(greatest(units, 0)) / 26.0 as units from sales_now
    where date > $as_of - 182 and date < $as_of + 7 group by all
),
-- Of 52 weeks nine in ten lines arrive every second, third or fourth week, in more weeks than
-- chance would arrange so once in a hundred times.
arrived as (
    select sku, coalesce(original_eta, eta) as due, count(*) as lines,
        datediff('day', date '1970-01-04', coalesce(original_eta, eta)) // 7 as week
    from receipts_now
    anti join (select door from doors_now where kind = 'dc') using (door)
    where ordered < $as_of + 7 and ordered > $as_of - 364
        and coalesce(status, 'confirmed') <> 'planned'
    group by all
),
phased as (
    select sku, every, max(due) as due, sum(lines) as lines, count(distinct week) as weeks
    from arrived, unnest([2, 3, 4]) as periods(every)
    group by sku, every, week % every
),
rhythm as (
    select sku, max(every) as every, arg_max(due, every) as due
    from (
        select sku, every, arg_max(due, lines) as due, arg_max(weeks, lines) as weeks,
            max(lines) / sum(lines) as share
        from phased group by sku, every
    )
    where share >= 0.9 and weeks * ln(every) >= ln(100 * every)
    group by sku
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
positions as (
    select held.sku, held.door, max(held.units) as units
    from held
    join latest using (sku, door)
    left join rhythm on rhythm.sku = held.sku
    where held.week > latest.week - 7 * coalesce(rhythm.every, 1)
    group by all
)
select latest.sku, latest.door, latest.on_hand, latest.in_transit,
    latest.week, usual.on_hand / nullif(pace.units, 0) as cover,
    positions.units as position, coalesce(rhythm.every, 1) as every, rhythm.due
from latest
left join usual on usual.sku = latest.sku and usual.door = latest.door
left join pace on pace.sku = latest.sku and pace.door = latest.door
left join positions on positions.sku = latest.sku and positions.door = latest.door
left join rhythm on rhythm.sku = latest.sku

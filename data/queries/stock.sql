-- One row per SKU and selling door: stock at the end of the week of $as_of, usual weeks of supply, and
-- how the SKU is ordered. Stock is the count of the last day in that week; where the last count
-- lies before, what was received since is added and what was sold since taken off (where a count
-- of up to a week later is nearer and may be known, $later, the other way round). `on_hand_counted`
-- of the day `counted` is what was counted, `sold` and `received` what was since, below 0 where the
-- count is of later; `week` is the count's, of a later one that of $as_of, and `door_counted`
-- the last day on which anything was counted at the door. At a distribution centre, and where the
-- count is older than $oldest days, nothing is added or taken off, and no later count is looked at.
-- `every` is the number of weeks between its orders, and `due` a week in which one
-- arrives, null where that may be any. `position` is stock and orders under way after the last
-- order: the most at the end of a week since it was last due to be ordered; null where no order
-- says when it was placed.
with sold_on as (
    select door, day_of_week(date) as day, count(*) filter (date < $as_of + 7) as n,
        max(date) as latest
    from sales_now where date > $as_of - 91 group by all
),
counted_on as (
    select door, day_of_week(date) as day, count(*) filter (date < $as_of + 7) as n,
        max(date) as latest
    from inventory_now where date > $as_of - 91 group by all
),
-- Doors whose sales come in one row a week, and the day on which it is dated.
by_week as (
    select door, arg_max(day, n) as day, max(latest) as latest from sold_on group by door
    having max(n) >= 0.95 * sum(n)
),
-- Doors whose counts bear that day too: it is the name of the week, at whose end they are. Counts
-- that go on after the last week with sales are of the day itself, the morning after that week.
week_named as (
    select by_week.door, by_week.day
    from by_week join counted_on using (door)
    group by by_week.door, by_week.day, by_week.latest
    having sum(n) filter (counted_on.day = by_week.day) >= 0.8 * sum(n)
        and max(counted_on.latest) <= by_week.latest
),
counted as (
    select sku, door, week_of(date) as week, date, on_hand, in_transit,
        case when week_named.day = day_of_week(date) then week_of(date) + 6
            else date end::date as day
    from inventory_now
    left join week_named using (door)
    where date < $as_of + 14
),
before as (
    select sku, door, arg_max(on_hand, day) as on_hand, arg_max(in_transit, day) as in_transit,
        max(day) as day
    from counted where day < $as_of + 7 group by all
),
after as (
    select sku, door, arg_min(on_hand, day) as on_hand, arg_min(in_transit, day) as in_transit,
        min(day) as day
    from counted
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
    where $later and day >= $as_of + 7 group by all
),
at_door as (
    select door, max(day) as day from counted where day < $as_of + 7 group by door
),
latest as (
    select sku, door,
        before.day is null or coalesce(after.day - ($as_of + 6) < ($as_of + 6) - before.day, false)
            as is_after,
        case when is_after then after.on_hand else before.on_hand end as on_hand,
        case when is_after then after.in_transit else before.in_transit end as in_transit,
        case when is_after then after.day else before.day end as counted_on,
        least(week_of(counted_on), $as_of) as week
    from before full join after using (sku, door)
),
moving as (
    select * from latest
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
    where counted_on <> $as_of + 6 and counted_on >= $as_of + 6 - $oldest
),
sold_since as (
    select moving.sku, moving.door,
        sum(sales.units * case
            when by_week.door is null then (sales.date <= $as_of + 6)::int - (sales.date <= moving.counted_on)::int
            else $passed[(1 + greatest(0, least(7, $as_of + 7 - sales.week)))::int]
                - $passed[(1 + greatest(0, least(7, moving.counted_on + 1 - sales.week)))::int]
        end) as units
    from moving
    join (
        select sku, door, date, week_of(date) as week, units
        from sales_now where date > $as_of - $oldest - 7 and date < $as_of + 21
    ) as sales using (sku, door)
    left join by_week using (door)
    group by all
),
received_since as (
    select moving.sku, moving.door,
        sum(units * ((came <= $as_of + 6)::int - (came <= moving.counted_on)::int)) as units
    from moving
    join (
        select sku, door, units, coalesce(received, case when status = 'received' then eta end)
            as came
        from receipts_now where coalesce(status, 'confirmed') <> 'planned'
    ) as arrived using (sku, door)
    where came is not null
    group by all
),
usual as (
    select sku, door, avg(on_hand) as on_hand from counted
    where week > $as_of - 182 and date < $as_of + 7 group by all
),
-- Of the last 26 weeks those in which the SKU could be sold at the door, and the door told of it.
silent as (
    select door, list(week) as weeks from door_reports($as_of::date + 7)
    where told = 'silent' and week >= $as_of - 175 group by door
),
sold_for as (
    select could.sku, could.door, least(26.0, sum(greatest(0, span_end - span_start + 1
        - 7 * coalesce(len(list_filter(
            silent.weeks, lambda week: week >= span_start and week <= span_end)), 0))) / 7) as weeks
    from (
        select sku, door, least(last_day, $as_of + 6) as span_end,
            greatest(first_day, opens, since, $as_of - 175) as span_start
        from could_sell($as_of::date + 7) where opens is not null
    ) as could
    left join silent on silent.door = could.door
    where span_end >= span_start
    group by all
),
pace as (
    select sold.sku, sold.door,
        sold.units / greatest(coalesce(sold_for.weeks, 26.0), 1) as units
    from (
        select sku, door, sum(greatest(units, 0)) as units from sales_now
        where date >= $as_of - 175 and date < $as_of + 7 group by all
    ) as sold
    left join sold_for on sold_for.sku = sold.sku and sold_for.door = sold.door
),
-- Of 52 weeks nine in ten lines arrive every second, third or fourth week, in more weeks than
-- chance would arrange so once in a hundred times.
arrived as (
    select sku, coalesce(original_eta, eta) as due, count(*) as lines,
        (week_of(coalesce(original_eta, eta)) - week_of(date '1970-01-04')) // 7 as week
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
    from counted where week > $as_of - 28 and date < $as_of + 7 group by all
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
select latest.sku, latest.door,
    case when moving.sku is null then latest.on_hand
        -- What is sold off an old count cannot end below nothing; what is owed was counted so.
        else greatest(latest.on_hand - coalesce(sold_since.units, 0)
            + coalesce(received_since.units, 0), least(latest.on_hand, 0)) end as on_hand,
    greatest(latest.in_transit - greatest(coalesce(received_since.units, 0), 0), 0) as in_transit,
    latest.week, latest.counted_on as counted, latest.on_hand as on_hand_counted,
    coalesce(sold_since.units, 0) as sold, coalesce(received_since.units, 0) as received,
    at_door.day as door_counted, usual.on_hand / nullif(pace.units, 0) as cover,
    positions.units as position, coalesce(rhythm.every, 1) as every, rhythm.due
from latest
left join moving on moving.sku = latest.sku and moving.door = latest.door
left join sold_since on sold_since.sku = latest.sku and sold_since.door = latest.door
left join received_since on received_since.sku = latest.sku and received_since.door = latest.door
left join at_door on at_door.door = latest.door
left join usual on usual.sku = latest.sku and usual.door = latest.door
left join pace on pace.sku = latest.sku and pace.door = latest.door
left join positions on positions.sku = latest.sku and positions.door = latest.door
left join rhythm on rhythm.sku = latest.sku

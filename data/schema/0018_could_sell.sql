-- The fiscal week of a day, by its first day.
create macro week_of(d) as (d - dayofweek(d)::int)::date;

-- Days of a week within a span, bit k for day k from Sunday on; and within any of some spans.
create macro days_within(week, first, last) as
    case
        when last < first or last < week or first > week + 6 then 0
        else (1 << (least(last - week, 6) + 1)::int) - (1 << greatest(first - week, 0)::int)
    end;

create macro days_open(week, spans) as
    coalesce(list_bit_or(list_transform(spans, s -> days_within(week, s.first, s.last))), 0);

-- Weeks from one to another, none where the other is not later.
create macro weeks_between(a, b) as coalesce(greatest((b - a) // 7, 0), 0);

-- Units a week from a first sale to a last one, the unit left out by which the first is known.
create macro pace_since(units, first, last) as
    greatest(units - 1, 0) / ((last - first) // 7 + 1);

-- Whether weeks without a sale are no chance at a pace (units a week): fewer than one in a hundred such
-- waits, where a week varies by its mean and .4 of its square.
create macro was_shut(pace, weeks) as weeks * ln(1 + 0.4 * pace) / 0.4 > ln(100);

-- What doors told of: one row per door and week in which it sold something or counted its stock.
create view door_week as
select door, week, sum(sold)::bigint as sold, sum(counted)::bigint as counted
from (
    select door, (date - dayofweek(date)::int)::date as week, count(*) as sold, 0 as counted
    from sales_now group by all
    union all
    select door, (date - dayofweek(date)::int)::date, 0, count(*) from inventory_now group by all
)
group by all;

-- Every door's weeks from its first report to the last week before `until`: whether it told of sales
-- ('sold'), told of none because it sold none ('nothing'), or did not tell ('silent'). Told of none
-- is believed only of a door that often goes without: where so long a gap comes once in a hundred
-- times, or it tells every week but for one in ten, its file is missing.
create macro door_reports(until) as table
with told as (
    select door, week, lead(week) over (partition by door order by week) as next
    from door_week where sold > 0 and week < until
),
spaced as (
    select door, week, next, (coalesce(next, until - dayofweek(until)::int) - week) // 7 as gap
    from told
),
usual as (
    select door, quantile_disc(gap, 0.9) as most from spaced where next is not null group by door
),
often as (
    select door, 1 / avg(gap) as chance
    from spaced join usual using (door)
    where next is not null and gap <= most
    group by door
)
select door, (week + (7 * place)::int)::date as week,
    case
        when place = 0 then 'sold'
        when (1 - coalesce(chance, 1)) ** (gap - 1) >= 0.01 then 'nothing'
        else 'silent'
    end as told
from (select door, week, gap, unnest(range(0, gap)) as place from spaced)
left join often using (door);

-- Where and when a SKU could be sold, by what was known before the day `until`: one row per SKU,
-- selling door and span of days, first and last included. A row of ranging is a span, cut to the
-- SKU's launch and exit; a SKU without any is sold where it sold, and no longer where thirteen weeks
-- passed without sale or stock. A door that ranging leaves out of a SKU it lists is not ranged: it
-- has a history while it sold, and nothing after. opens: the first day on which it could be sold, by
-- launch, ranging, the door's first sale and its first stock or sale there. since: the first week of history that says what was wanted; null
-- where nothing does. Stock that waits for a launch or an opening says nothing: a week before the
-- first sale counts as one without demand only where such a wait is no surprise at the pace since
-- (once in a hundred times), and never before the door itself sold something.
create macro could_sell(until) as table
with sold as (
    select sku, door, min(date) as first_row, min(date) filter (units > 0) as first_sold,
        max(date) filter (units > 0) as last_sold, sum(greatest(units, 0)) as units
    from sales_now where date < until group by sku, door
),
stocked as (
    select sku, door, min(date) as first_row, max(date) as last_row
    from inventory_now where on_hand > 0 and date < until group by sku, door
),
held as (
    select coalesce(sold.sku, stocked.sku) as sku, coalesce(sold.door, stocked.door) as door,
        week_of(least(sold.first_row, stocked.first_row)) as first_seen,
        greatest(sold.last_sold, stocked.last_row) as last_seen,
        week_of(first_sold) as first_sold, week_of(last_sold) as last_sold, units,
        sold.sku is not null as has_sales
    from sold full join stocked on stocked.sku = sold.sku and stocked.door = sold.door
),
of_sku as (
    select sku, min(first_seen) as first_seen, min(first_sold) as first_sold,
        pace_since(sum(units), min(first_sold), max(last_sold)) as pace
    from held group by sku
),
begun as (
    select skus.sku, skus.launch_date, skus.exit_date,
        case
            when first_sold is null then skus.launch_date
            when was_shut(pace, weeks_between(greatest(first_seen, skus.launch_date), first_sold))
                then first_sold
            else coalesce(skus.launch_date, date '1990-01-01')
        end as since
    from skus_now as skus left join of_sku on of_sku.sku = skus.sku
),
opened as (
    select door, min(week) filter (sold > 0) as since, min(week) filter (counted > 0) as counted
    from door_week where week < until group by door
),
listed as (
    select sku, door, coalesce("from", date '1990-01-01') as first_day,
        coalesce("to", date '2100-12-31') as last_day, "from" is not null as is_dated
    from ranging_now
),
listed_skus as (select distinct sku from ranging_now),
spans as (
    select *, true as is_ranged, true as is_listed from listed
    union all
    select held.sku, held.door, date '1990-01-01',
        case
            when listed_skus.sku is null and last_seen >= until - 91 then date '2100-12-31'
            else week_of(last_seen) + 6
        end,
        false, listed_skus.sku is null, false
    from held
    left join listed_skus on listed_skus.sku = held.sku
    anti join listed on listed.sku = held.sku and listed.door = held.door
    where has_sales
),
cut as (
    select spans.sku, spans.door, is_ranged, is_listed, begun.since as sku_since,
        begun.launch_date, opened.since as door_since,
        opened.counted as door_counted,
        greatest(first_day, begun.launch_date) as first_day,
        least(last_day, begun.exit_date) as last_day,
        min(greatest(first_day, begun.launch_date)) over series as earliest,
        bool_or(is_dated) over series as is_dated
    from spans
    join begun on begun.sku = spans.sku
    join doors_now as doors
        on doors.door = spans.door and coalesce(doors.kind, 'store') <> 'dc'
    left join opened on opened.door = spans.door
    window series as (partition by spans.sku, spans.door)
),
placed as (
    select cut.*, held.first_sold,
        pace_since(held.units, held.first_sold, held.last_sold) as pace,
        greatest(
            launch_date, door_since, week_of(earliest),
            case
                when is_dated then null
                when not is_listed or door_counted < first_seen then first_seen
            end
        ) as opens,
        greatest(sku_since, opens) as waits
    from cut left join held on held.sku = cut.sku and held.door = cut.door
)
select sku, door, first_day, last_day, is_ranged,
    case when door_since is not null then opens end as opens,
    case
        when sku_since is null or door_since is null then null
        when was_shut(pace, weeks_between(waits, first_sold)) then greatest(waits, first_sold)
        else waits
    end as since
from placed;

-- One row per SKU and door that could be sold: its spans of days, from its launch, the door's first
-- sale and what is stated on.
create view could_sell_now as
select sku, door, list({first: greatest(first_day, opens), last: last_day}) as spans
from could_sell(date '2100-01-01')
where opens is not null and is_ranged
group by sku, door;

create or replace view cell_week as
with reports as (
    select sku, door, date, units, revenue, markdown, 1 - in_stock as shelf_out,
        null::double as on_hand
    from sales_now
    union all
    select sku, door, date, null, null, null, null, greatest(on_hand, 0)
    from inventory_now
),
dated as (
    select *, (date - dayofweek(date)::int)::date as week, dayofweek(date)::int as day
    from reports
),
-- A day on which the SKU could not be sold there is no day of a shelf, full or empty.
marked as (
    select dated.*, promoted.discount,
        coalesce(promoted.mask, 0) & days_open(dated.week, could.spans) as mask,
        days_open(dated.week, could.spans)
        & ~coalesce(promoted.mask | promoted.excused, 0) as free
    from dated
    left join promoted_week as promoted
        on promoted.sku = dated.sku and promoted.door = dated.door and promoted.week = dated.week
    left join could_sell_now as could on could.sku = dated.sku and could.door = dated.door
),
summed as (
    select sku, door, week, sum(units) as units, sum(revenue) as revenue,
        sum(markdown) as markdown, arg_max(on_hand, date) as on_hand,
        any_value(mask) as mask, any_value(free) as free, any_value(discount) as discount,
        bit_or(case when shelf_out is not null then 1 << day end) as shelf_days,
        avg(shelf_out) as shelf_out,
        avg(shelf_out) filter ((mask >> day) & 1 = 1) as shelf_promoted_out,
        avg(shelf_out) filter ((free >> day) & 1 = 1) as shelf_other_out,
        bit_or(case when on_hand is not null then 1 << day end) as count_days,
        coalesce(bit_or(case when on_hand <= 0 then 1 << day end), 0) as count_out
    from marked
    group by sku, door, week
),
seen as (
    select *, coalesce(shelf_days, count_days) as days, bit_count(days) > 1 as is_daily,
        bit_count(mask) as mask_days, bit_count(free) as free_days,
        bit_count(days & mask) as promoted_n, bit_count(days & free) as other_n,
        coalesce(shelf_out, bit_count(count_out) / bit_count(count_days)) as out,
        case when shelf_days is null then bit_count(count_out & mask)
            else promoted_n * coalesce(shelf_promoted_out, 0) end as promoted_n_out,
        case when shelf_days is null then bit_count(count_out & free)
            else other_n * coalesce(shelf_other_out, 0) end as other_n_out
    from summed
),
placed as (
    select seen.*, weeks.quarter, skus.unit_cost,
        coalesce(price.regular_price, skus.unit_price) as regular_price,
        is_daily is not null as is_exposed
    from seen
    join known_week as weeks on weeks.week = seen.week
    join skus_now as skus on skus.sku = seen.sku
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') as selling
        on selling.door = seen.door
    left join regular_price_of as price on price.sku = seen.sku and price.week = seen.week
)
select placed.sku, placed.door, placed.week, units, revenue, markdown, on_hand,
    units * unit_cost as cost_of_sales, revenue - units * unit_cost as margin,
    on_hand * unit_cost as stock_cost, on_hand * regular_price as stock_retail,
    case when not is_exposed then 0 when is_daily then promoted_n else mask_days end::double
        as promoted_days,
    case when not is_exposed then 0 when is_daily then promoted_n_out
        else mask_days * out end::double as promoted_out,
    case when not is_exposed then 0 when is_daily then other_n else free_days end::double
        as other_days,
    case when not is_exposed then 0 when is_daily then other_n_out
        else free_days * out end::double as other_out,
    case when placed.week <= basis.run_as_of
        then greatest(coalesce(lost.clean - greatest(units, 0), 0), 0) end as lost_units,
    case when placed.week <= basis.run_as_of
        then greatest(coalesce(lost.clean - greatest(units, 0), 0), 0) end
        * regular_price * (1 - coalesce(discount, 0)) as lost_value,
    unit_cost, quarter
from placed
cross join (select max(run) as run, max(run_as_of) as run_as_of from score_basis) as basis
left join run_correction as lost
    on lost.run = basis.run and lost.sku = placed.sku and lost.door = placed.door
    and lost.week = placed.week;

-- Spans of days, first and last included, in which each SKU of a run can be sold after its as-of week.
create table run_ranged (
    run       bigint  not null,
    sku       varchar not null,
    door      varchar not null,
    first_day date    not null,
    last_day  date    not null
)

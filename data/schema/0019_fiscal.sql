-- The fiscal calendar of the company (forecasting/calendar.py): the first day of the week of a day, and
-- the place of a day in its week, 0 to 6. Another calendar puts its own in their place (data/fiscal.py).
create or replace macro week_of(d) as (d - dayofweek(d)::int)::date;

create macro day_of_week(d) as dayofweek(d)::int;

-- Every fiscal week: its year, its number in it, its month (1 to 12) and its quarter ('2026-Q3').
create table fiscal_week (
    week    date    primary key,
    year    integer not null,
    number  integer not null,
    period  integer not null,
    quarter varchar not null
);

-- What holds until a company says otherwise: the retail 4-5-4 calendar.
insert into fiscal_week
with each as (
    select week_of(day)::date as week, fiscal_year(day) as year, fiscal_week(day)::int as number
    from (
        select day::date as day
        from generate_series(fiscal_year_start(1990), fiscal_year_start(2101) - 7, interval 7 day)
            as days(day)
    )
)
select week, year, number,
    case
        when number <= 4 then 1 when number <= 9 then 2 when number <= 13 then 3
        when number <= 17 then 4 when number <= 22 then 5 when number <= 26 then 6
        when number <= 30 then 7 when number <= 35 then 8 when number <= 39 then 9
        when number <= 43 then 10 when number <= 48 then 11 else 12
    end,
    fiscal_quarter(week)
from each;

drop macro fiscal_quarter;

drop macro fiscal_week;

drop macro fiscal_year;

drop macro fiscal_year_start;

-- The views that said Sunday before, by the calendar in force.
create or replace view featured_week as
with weeks as (
    select *, week_of(first_day) as first_week from featured
),
each as (
    select * exclude (first_week), first_week,
        (first_week + 7 * unnest(range(0, (last_day - first_week) // 7 + 1))::int)::date as week
    from weeks
)
select activation, type, sku, door, discount, is_sell_out, first_week, week,
    (1 << (least(last_day - week, 6) + 1)::int) - (1 << greatest(first_day - week, 0)::int) as mask
from each;

create or replace view regular_price_from as
select sku, week_of(date) as week, avg(regular_price) as regular_price
from prices_now
group by all;

create or replace view last_known as
select max(date) as day, week_of(max(date)) as week from sales_now;

create or replace view door_week as
select door, week, sum(sold)::bigint as sold, sum(counted)::bigint as counted
from (
    select door, week_of(date) as week, count(*) as sold, 0 as counted
    from sales_now group by all
    union all
    select door, week_of(date), 0, count(*) from inventory_now group by all
)
group by all;

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
    select *, week_of(date) as week, day_of_week(date) as day
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
    and lost.week = placed.week

-- The retail 4-5-4 calendar, as forecasting/calendar.py has it: first day of a fiscal year (the day
-- after the Saturday nearest to 31 January), year, week 1 to 53, and quarter ('2026-Q3') of a day.
create macro fiscal_year_start(y) as
    make_date(y::int, 1, 31) + 1
    - ((dayofweek(make_date(y::int, 1, 31)) + 1) % 7)::int
    + case when (dayofweek(make_date(y::int, 1, 31)) + 1) % 7 > 3 then 7 else 0 end;

create macro fiscal_year(d) as
    year(d)::int - case when d < fiscal_year_start(year(d)) then 1 else 0 end;

create macro fiscal_week(d) as (d - fiscal_year_start(fiscal_year(d))) // 7 + 1;

create macro fiscal_quarter(d) as
    fiscal_year(d) || '-Q' || least((fiscal_week(d) - 1) // 13 + 1, 4);

-- Part of a whole; null where there is nothing to divide by, never 0 or infinity.
create macro ratio(part, whole) as case when whole > 0 then part / whole::double end;

-- What the scorecard was last summed from: one row.
create table score_basis (
    made_at  timestamp not null,
    seq      bigint    not null,
    run      bigint    not null,
    run_as_of date,
    as_of    date      not null,
    calendar varchar   not null
);

-- The calendar as it stood when the scorecard was summed: one row per activation that had begun and
-- was not cancelled, featured SKU and selling door where the SKU is ranged.
create table featured (
    activation varchar not null,
    name       varchar not null,
    type       varchar not null,
    sku        varchar not null,
    door       varchar not null,
    first_day  date    not null,
    last_day   date    not null,
    discount   double,
    is_sell_out boolean not null
);

-- One row per activation, SKU, door and week that it touches; bit k of mask is day k from Sunday on.
create view featured_week as
with weeks as (
    select *, (first_day - dayofweek(first_day)::int)::date as first_week from featured
),
each as (
    select * exclude (first_week), first_week,
        (first_week + 7 * unnest(range(0, (last_day - first_week) // 7 + 1))::int)::date as week
    from weeks
)
select activation, type, sku, door, discount, is_sell_out, first_week, week,
    (1 << (least(last_day - week, 6) + 1)::int) - (1 << greatest(first_day - week, 0)::int) as mask
from each;

-- One row per promoted SKU, door and week: a day counts once, however many activations share it.
-- excused: days of activations that were planned to sell out.
create view promoted_week as
select sku, door, week, coalesce(bit_or(mask) filter (not is_sell_out), 0) as mask,
    coalesce(bit_or(mask) filter (is_sell_out), 0) as excused, max(discount) as discount
from featured_week
group by sku, door, week;

-- Where and since when each SKU is sold; without a row for a SKU, wherever it is.
create view ranged as
select sku, door, min(coalesce("from", date '1990-01-01')) as since,
    max(coalesce("to", date '2100-12-31')) as until
from ranging_now
group by sku, door;

-- Quarters with sales or counts: how many of their weeks are known, and whether all are.
create table score_quarter (
    quarter    varchar not null,
    first_week date    not null,
    last_week  date    not null,
    weeks      integer not null,
    is_whole   boolean not null
);

-- Sums of cell_week: one row per SKU, door and fiscal quarter. opening and closing: stock before its
-- first and at the end of its last known week, null where not counted. stock_*: stock summed over
-- the counted weeks' ends, the opening included; counted_*: what was sold in weeks with a count.
create table cell_quarter (
    quarter varchar not null,
    sku     varchar not null,
    door    varchar not null,
    units double, revenue double, margin double, markdown double, cost_of_sales double,
    promoted_days double, promoted_out double, other_days double, other_out double,
    lost_units double, lost_value double,
    counted_units double, counted_cost double, counted_revenue double,
    stock_units double, stock_cost double, stock_retail double, has_opening boolean,
    closing_units double, closing_cost double, closing_sold double
);

-- The same for whole classes, so that what is above a SKU opens at once: one row per department,
-- class, door and fiscal quarter.
create table class_quarter as
select quarter, null::varchar as department, null::varchar as class,
    cell_quarter.* exclude (quarter, sku)
from cell_quarter
limit 0;

-- Sums of cell_week: one row per class, door and week.
create table class_week (
    week  date    not null,
    class varchar not null,
    door  varchar not null,
    units double, revenue double, margin double, markdown double,
    promoted_days double, promoted_out double, other_days double, other_out double,
    counted_units double, counted_cost double, stock_units double, stock_cost double
);

-- One row per activation, featured SKU and door: the days of the activation itself, shared or not.
-- ended: stock at the end of its last week; after_units: sold in the weeks (up to four, after_weeks
-- of them known) behind it. is_fresh: no other activation had ended there in the eight weeks before,
-- or was running; what is left over is its own.
create table activation_cell (
    activation varchar not null,
    name       varchar not null,
    type       varchar not null,
    quarter    varchar not null,
    sku        varchar not null,
    door       varchar not null,
    first_day  date    not null,
    days double, days_out double, units double, revenue double, lost_units double,
    lost_value double, ended double, unit_cost double, after_units double, after_weeks integer,
    is_fresh boolean, is_sell_out boolean
);

-- One row per SKU and week that was forecast in time: for the Bridge (horizon 'bridge': six weeks
-- ahead or more) and for the buy ('buy': its lead time and a week, or more). Error is forecast minus
-- actual; actual is demand, over all doors, in units.
create table forecast_cell (
    horizon  varchar not null,
    quarter  varchar not null,
    sku      varchar not null,
    week     date    not null,
    version  bigint  not null,
    lag      integer not null,
    promoted boolean not null,
    actual double, naive double, statistical double, marketing double, merchandising double,
    planning double, proposed double, consensus double
);

-- What the Bridge said at the end of each week in which a forecast came into force: one row per
-- activation ahead and featured SKU.
create table flag (
    run            bigint  not null,
    as_of          date    not null,
    activation     varchar not null,
    sku            varchar not null,
    status         varchar not null,
    units_short    double  not null,
    margin_at_risk double
);

-- Shelf and stock by quarter, and by one level at a time: 'all', 'department', 'class', 'region',
-- 'channel', 'door' or 'sku'; within one department, class, region, door or SKU (null: any). Every
-- share and rate is a ratio of sums over the cells of its row. Turn is a year's (52 weeks): cost,
-- units or revenue of counted weeks over the mean of the week-end stocks and the opening.
create macro shelf_scores(
    level, in_department := null, in_class := null, in_region := null, in_door := null,
    in_sku := null
) as table
with cells as (
    select cell.*, skus.department, skus.class
    from cell_quarter as cell
    join skus_now as skus on skus.sku = cell.sku
    where (level = 'sku' or in_sku is not null) and (in_sku is null or cell.sku = in_sku)
    union all by name
    select *, null as sku from class_quarter where level <> 'sku' and in_sku is null
),
chosen as (
    select cell.quarter, weeks.weeks, weeks.is_whole,
        case level
            when 'all' then 'all' when 'department' then cell.department
            when 'class' then cell.class when 'region' then doors.region
            when 'channel' then doors.channel when 'door' then cell.door when 'sku' then cell.sku
        end as member,
        cell.* exclude (quarter)
    from cells as cell
    join score_quarter as weeks on weeks.quarter = cell.quarter
    join doors_now as doors on doors.door = cell.door
    where (in_department is null or cell.department = in_department)
        and (in_class is null or cell.class = in_class)
        and (in_region is null or doors.region = in_region)
        and (in_door is null or cell.door = in_door)
),
sums as (
    select quarter, member, any_value(weeks) as weeks, any_value(is_whole) as is_whole,
        sum(units) as units, sum(revenue) as revenue, sum(margin) as margin,
        sum(markdown) as markdown, sum(promoted_days) as promoted_days,
        sum(promoted_out) as promoted_out, sum(other_days) as other_days,
        sum(other_out) as other_out, sum(lost_units) as lost_units,
        sum(lost_value) as lost_value, sum(counted_units) as counted_units,
        sum(counted_cost) as counted_cost, sum(counted_revenue) as counted_revenue,
        sum(stock_units) as stock_units, sum(stock_cost) as stock_cost,
        sum(stock_retail) as stock_retail, sum(closing_units) as closing_units,
        sum(closing_cost) as closing_cost, sum(closing_sold) as closing_sold,
        any_value(weeks) + bool_or(has_opening)::int as points
    from chosen
    where member is not null
    group by quarter, member
)
select quarter, member, weeks, is_whole, units, revenue, margin, markdown, promoted_days,
    promoted_out, other_days, other_out, lost_units, lost_value, closing_cost,
    ratio(promoted_out, promoted_days) as promoted_stockout,
    ratio(other_out, other_days) as other_stockout,
    ratio(promoted_out, promoted_days) - ratio(other_out, other_days) as stockout_gap,
    ratio(lost_value, revenue + lost_value) as lost_share,
    stock_cost / points as mean_stock_cost,
    ratio(52 * counted_cost * points, weeks * stock_cost) as turn_cost,
    ratio(52 * counted_units * points, weeks * stock_units) as turn_units,
    ratio(52 * counted_revenue * points, weeks * stock_retail) as turn_retail,
    ratio(52 * (counted_revenue - counted_cost) * points, weeks * stock_cost) as gmroi,
    ratio(closing_sold, closing_sold + closing_units) as sell_through,
    ratio(closing_units * weeks, closing_sold) as weeks_of_supply,
    ratio(markdown, revenue) as markdown_rate
from sums;

-- Promotions by the quarter they began in, and by 'all', 'type', 'activation', 'department',
-- 'class', 'region', 'door' or 'sku', within one of them. exposure: days out over days known, an
-- activation's own days; event: activations with a featured SKU in stock on less than least_in_stock
-- of its days, over activations; item: SKU-doors out for a day or more, over SKU-doors;
-- lost_demand: value lost over value wanted. What was planned to sell out is left out. excess: stock at the end beyond cover_weeks of what was
-- sold in the four weeks behind, over that stock; only where at least two of these weeks are known.
create macro promotion_scores(
    level, in_department := null, in_class := null, in_region := null, in_door := null,
    in_sku := null, in_type := null, in_activation := null, least_in_stock := 0.9,
    cover_weeks := 8
) as table
with chosen as (
    select cell.* exclude (is_fresh, is_sell_out),
        case level
            when 'all' then 'all' when 'type' then cell.type when 'activation' then cell.activation
            when 'department' then skus.department when 'class' then skus.class
            when 'region' then doors.region when 'channel' then doors.channel
            when 'door' then cell.door when 'sku' then cell.sku
        end as member,
        case when after_weeks >= 2 then ended * cell.unit_cost end as ended_cost,
        case when after_weeks >= 2 then
            greatest(ended - cover_weeks * greatest(after_units, 0) / after_weeks, 0) * cell.unit_cost
        end as excess_cost
    from activation_cell as cell
    join skus_now as skus on skus.sku = cell.sku
    join doors_now as doors on doors.door = cell.door
    where not is_sell_out
        and (in_department is null or skus.department = in_department)
        and (in_class is null or skus.class = in_class)
        and (in_region is null or doors.region = in_region)
        and (in_door is null or cell.door = in_door)
        and (in_sku is null or cell.sku = in_sku)
        and (in_type is null or cell.type = in_type)
        and (in_activation is null or cell.activation = in_activation)
),
by_sku as (
    select quarter, member, activation, sku, sum(days) as days, sum(days_out) as days_out
    from chosen where member is not null group by all
),
by_activation as (
    select quarter, member, activation,
        bool_or(days > 0) as is_known,
        bool_or(days > 0 and days_out > (1 - least_in_stock) * days) as is_out
    from by_sku group by all
),
events as (
    select quarter, member, count(*) filter (is_known) as activations,
        count(*) filter (is_out) as activations_out
    from by_activation group by all
),
sums as (
    select quarter, member, sum(days) as days, sum(days_out) as days_out,
        count(*) filter (days > 0) as items, count(*) filter (days_out >= 1) as items_out,
        sum(units) as units, sum(revenue) as revenue, sum(lost_units) as lost_units,
        sum(lost_value) as lost_value, sum(ended_cost) as ended_cost,
        sum(excess_cost) as excess_cost
    from chosen where member is not null group by all
)
select sums.*, events.activations, events.activations_out,
    ratio(days_out, days) as exposure,
    ratio(activations_out, activations) as event,
    ratio(items_out, items) as item,
    ratio(lost_value, revenue + lost_value) as lost_demand,
    ratio(excess_cost, ended_cost) as excess
from sums join events using (quarter, member);

-- Every layer of every published version, week by week: one row per version, SKU and target week,
-- in units. lag: weeks from its as-of week to the target week.
create view version_week as
select version.version, version.cycle, version.as_of, layers.sku,
    (version.first_week + (7 * (place - 1))::int)::date as week,
    ((version.first_week - version.as_of) // 7 + place - 1)::int as lag,
    layers.naive[place] / 1000.0 as naive, layers.statistical[place] / 1000.0 as statistical,
    layers.marketing[place] / 1000.0 as marketing,
    layers.merchandising[place] / 1000.0 as merchandising,
    layers.planning[place] / 1000.0 as planning, layers.proposed[place] / 1000.0 as proposed,
    layers.consensus[place] / 1000.0 as consensus
from version
join version_sku as layers using (version)
cross join unnest(range(1, len(layers.consensus) + 1)) as places (place);

-- The published consensus against demand, SKU by week over all doors, by quarter and by 'all',
-- 'department', 'class', 'sku' or 'promoted', within one of them. Bias above zero: too much forecast.
create macro forecast_scores(
    horizon_is, level, in_department := null, in_class := null, in_sku := null
) as table
with chosen as (
    select cell.*,
        case level
            when 'all' then 'all' when 'department' then skus.department
            when 'class' then skus.class when 'sku' then cell.sku
            when 'promoted' then case when promoted then 'promoted' else 'other' end
        end as member
    from forecast_cell as cell
    join skus_now as skus on skus.sku = cell.sku
    where cell.horizon = horizon_is
        and (in_department is null or skus.department = in_department)
        and (in_class is null or skus.class = in_class)
        and (in_sku is null or cell.sku = in_sku)
),
sums as (
    select quarter, member, count(*) as cells, sum(actual) as actual,
        sum(consensus - actual) as error, sum(abs(consensus - actual)) as missed,
        sum(abs(statistical - actual)) as missed_statistical,
        sum(actual) filter (promoted) as promoted_actual,
        sum(consensus - actual) filter (promoted) as promoted_error,
        sum(abs(consensus - actual)) filter (promoted) as promoted_missed
    from chosen where member is not null group by all
)
select *, ratio(missed, actual) as wape, ratio(error, actual) as bias,
    ratio(missed_statistical, actual) as wape_statistical,
    ratio(promoted_missed, promoted_actual) as promoted_wape,
    ratio(promoted_error, promoted_actual) as promoted_bias
from sums;

-- One row per week, within one department, class, region or door (null: any): what Marketing and
-- Planning watch, on one axis. Turn is a year's, of the thirteen weeks up to the week.
create macro week_scores(
    in_department := null, in_class := null, in_region := null, in_door := null
) as table
with chosen as (
    select cell.week, sum(units) as units, sum(revenue) as revenue, sum(markdown) as markdown,
        sum(promoted_days) as promoted_days, sum(promoted_out) as promoted_out,
        sum(counted_units) as counted_units, sum(counted_cost) as counted_cost,
        sum(stock_units) as stock_units, sum(stock_cost) as stock_cost
    from class_week as cell
    join doors_now as doors on doors.door = cell.door
    where (in_department is null
            or cell.class in (select class from skus_now where department = in_department))
        and (in_class is null or cell.class = in_class)
        and (in_region is null or doors.region = in_region)
        and (in_door is null or cell.door = in_door)
    group by cell.week
),
rolling as (
    select *, sum(counted_cost) over quarter_back as cost_13, avg(stock_cost) over quarter_back as stock_13,
        count(*) over quarter_back as n, avg(units) over month_back as pace
    from chosen
    window quarter_back as (order by week rows 12 preceding),
        month_back as (order by week rows 3 preceding)
)
select week, units, revenue, markdown, stock_units, stock_cost,
    ratio(promoted_out, promoted_days) as promoted_stockout,
    case when n >= 4 then ratio(52 * cost_13, n * stock_13) end as turn_cost,
    ratio(stock_units, pace) as weeks_of_supply,
    ratio(markdown, revenue) as markdown_rate
from rolling;

-- The same as views, one row per quarter and member, to be opened anywhere.
create view scorecard as select * from shelf_scores('all');

create view scorecard_by_department as select * from shelf_scores('department');

create view scorecard_by_class as select * from shelf_scores('class');

create view scorecard_by_region as select * from shelf_scores('region');

create view scorecard_by_door as select * from shelf_scores('door');

create view promotions_by_type as select * from promotion_scores('type');

create view promotions_by_class as select * from promotion_scores('class');

create view promotions_by_activation as select * from promotion_scores('activation');

create view accuracy_for_the_bridge as select * from forecast_scores('bridge', 'class');

create view accuracy_for_the_buy as select * from forecast_scores('buy', 'class');

create view side_by_side as select * from week_scores()

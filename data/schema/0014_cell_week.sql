-- Every week that is in the sums, with its quarter.
create or replace view known_week as
select quarter, unnest(generate_series(first_week, last_week, interval 7 day))::date as week
from score_quarter;

-- Regular price of each SKU from a week on, doors averaged.
create or replace view regular_price_from as
select sku, (date - dayofweek(date)::int)::date as week, avg(regular_price) as regular_price
from prices_now
group by all;

-- The same for every week that is in the sums.
create or replace view regular_price_of as
select each.sku, each.week, price.regular_price
from (select sku, week from (select distinct sku from regular_price_from), known_week) as each
asof join regular_price_from as price on price.sku = each.sku and each.week >= price.week;

-- Every measure at its finest: one row per SKU, selling door and fiscal week with sales or a count,
-- of the weeks that are in the sums. units, revenue, margin: net of returns. on_hand: the last count
-- of the week, null where not counted. promoted_days, other_days: days on which it is known whether
-- the shelf was empty, within activations and outside, planned sell-outs in neither; promoted_out,
-- other_out: of these the days it was empty. What says so is in_stock, else a count of zero; one
-- report a week stands for its seven days. Days are bits of a mask: bit k is day k from Sunday on.
-- lost_units: wanted beyond what was sold, by the run in force (a model's estimate); null where no
-- run knows the week.
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
marked as (
    select dated.*, promoted.discount, coalesce(promoted.mask, 0) as mask,
        127 & ~coalesce(promoted.mask | promoted.excused, 0) as free
    from dated
    left join promoted_week as promoted
        on promoted.sku = dated.sku and promoted.door = dated.door and promoted.week = dated.week
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
        is_daily is not null
        and (listed.sku is null or ranged.sku is not null)
        and seen.week + 6 >= greatest(
            coalesce(ranged.since, date '1990-01-01'),
            coalesce(skus.launch_date, date '1990-01-01')
        )
        and seen.week <= least(
            coalesce(ranged.until, date '2100-12-31'), coalesce(skus.exit_date, date '2100-12-31')
        ) as is_exposed
    from seen
    join known_week as weeks on weeks.week = seen.week
    join skus_now as skus on skus.sku = seen.sku
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') as selling
        on selling.door = seen.door
    left join (select distinct sku from ranged) as listed on listed.sku = seen.sku
    left join ranged on ranged.sku = seen.sku and ranged.door = seen.door
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

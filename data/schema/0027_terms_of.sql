-- What rows of terms give each SKU: one row per SKU, term ('unit_cost', 'lead_time_weeks',
-- 'service_level') and week from which its value holds. Before the first of them what skus says
-- holds. A row speaks of the SKUs that match everything that it names; a closer one (its own, then its
-- supplier's, then its class's) stands over a later one that is more general.
create view term_from as
with spoken as (
    select skus.sku, date, terms.batch, 4 as closeness, terms.unit_cost, terms.lead_time_weeks, terms.service_level
    from terms_now as terms
    join skus_now as skus
        on skus.sku = terms.sku and skus.class = coalesce(terms.class, skus.class)
        and coalesce(skus.supplier, '') = coalesce(terms.supplier, skus.supplier, '')
    union all
    select skus.sku, date, terms.batch, (terms.supplier is not null)::int * 2 + (terms.class is not null)::int,
        terms.unit_cost, terms.lead_time_weeks, terms.service_level
    from terms_now as terms
    join skus_now as skus
        on terms.sku is null and skus.class = coalesce(terms.class, skus.class)
        and coalesce(skus.supplier, '') = coalesce(terms.supplier, skus.supplier, '')
),
each as (
    select sku, 'unit_cost' as term, date, batch, closeness, unit_cost as value from spoken
    union all
    select sku, 'lead_time_weeks', date, batch, closeness, lead_time_weeks::double from spoken
    union all
    select sku, 'service_level', date, batch, closeness, service_level from spoken
),
standing as (
    select sku, term, week_of(date) as week, date,
        arg_max(value, {closeness: closeness, date: date, batch: batch}) over (
            partition by sku, term order by date range between unbounded preceding and current row
        ) as value
    from each where value is not null
)
select sku, term, week, arg_max(value, date) as value
from standing
group by sku, term, week;

-- Cost of a unit in every week that is in the sums, of SKUs of which terms says one.
create view cost_of as
select each.sku, each.week, told.value as unit_cost
from (
    select sku, week
    from (select distinct sku from term_from where term = 'unit_cost'), known_week
) as each
asof join (select sku, week, value from term_from where term = 'unit_cost') as told
    on told.sku = each.sku and each.week >= told.week;

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
    select seen.*, weeks.quarter, coalesce(cost.unit_cost, skus.unit_cost) as unit_cost,
        coalesce(price.regular_price, skus.unit_price) as regular_price,
        is_daily is not null as is_exposed
    from seen
    join known_week as weeks on weeks.week = seen.week
    join skus_now as skus on skus.sku = seen.sku
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') as selling
        on selling.door = seen.door
    left join regular_price_of as price on price.sku = seen.sku and price.week = seen.week
    left join cost_of as cost on cost.sku = seen.sku and cost.week = seen.week
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

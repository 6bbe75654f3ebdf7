-- One row per activation, featured SKU and door of the SKUs in block_week, into activation_cell. An
-- activation's own days in a week carry the share of that week's promoted days that the shelf was
-- empty.
insert into activation_cell by name
with own as (
    select featured.activation, featured.sku, featured.door, min(featured.week) as first_week,
        max(featured.week) as last_week,
        sum(case when promoted_days > 0 then bit_count(mask) end) as days,
        sum(bit_count(mask) * promoted_out / nullif(promoted_days, 0)) as days_out,
        sum(units) as units, sum(revenue) as revenue, sum(lost_units) as lost_units,
        sum(lost_value) as lost_value, arg_max(unit_cost, featured.week) as unit_cost,
        arg_max(on_hand, featured.week) as ended
    from featured_week as featured
    join block_week as block
        on block.sku = featured.sku and block.door = featured.door and block.week = featured.week
    group by all
),
spans as (select activation, sku, door, max(week) as last_week from featured_week group by all),
runs as (
    select activation, sku, door, min(first_day) as first_day, max(last_day) as last_day
    from featured group by all
),
followed as (
    select activation, sku, door,
        coalesce(max(last_day) over earlier < first_day - 56, true) as is_fresh
    from runs
    window earlier as (
        partition by sku, door order by first_day, activation
        rows between unbounded preceding and 1 preceding
    )
),
behind as (
    select spans.activation, spans.sku, spans.door, sum(units) as after_units,
        count(units)::int as after_weeks
    from spans
    join block_week as block
        on block.sku = spans.sku and block.door = spans.door
        and block.week > spans.last_week and block.week <= spans.last_week + 28
    group by all
)
select own.* exclude (first_week, last_week, ended),
    case when own.last_week = spans.last_week then ended end as ended,
    named.name, named.type, named.first_day, named.is_sell_out, began.quarter,
    behind.after_units, coalesce(behind.after_weeks, 0) as after_weeks, followed.is_fresh
from own
join fiscal_week as began on began.week = own.first_week
join followed
    on followed.activation = own.activation and followed.sku = own.sku
    and followed.door = own.door
join spans on spans.activation = own.activation and spans.sku = own.sku and spans.door = own.door
join (
    select activation, any_value(name) as name, any_value(type) as type,
        min(first_day) as first_day, bool_or(is_sell_out) as is_sell_out
    from featured group by activation
) as named on named.activation = own.activation
left join behind
    on behind.activation = own.activation and behind.sku = own.sku and behind.door = own.door

-- Sums of the rows in block_week by SKU, door and quarter, into cell_quarter.
insert into cell_quarter by name
with ends as (
    select block.sku, block.door, block.on_hand, block.stock_cost, block.stock_retail,
        block.quarter, after.quarter as next_quarter
    from block_week as block
    join score_quarter as own on own.quarter = block.quarter and own.last_week = block.week
    left join score_quarter as after on after.first_week = own.last_week + 7
    where block.on_hand is not null
),
sums as (
    select quarter, sku, door, sum(units) as units, sum(revenue) as revenue,
        sum(margin) as margin, sum(markdown) as markdown, sum(cost_of_sales) as cost_of_sales,
        sum(promoted_days) as promoted_days, sum(promoted_out) as promoted_out,
        sum(other_days) as other_days, sum(other_out) as other_out,
        sum(lost_units) as lost_units, sum(lost_value) as lost_value,
        sum(units) filter (on_hand is not null) as counted_units,
        sum(cost_of_sales) filter (on_hand is not null) as counted_cost,
        sum(revenue) filter (on_hand is not null) as counted_revenue,
        sum(on_hand) as stock_units, sum(stock_cost) as stock_cost,
        sum(stock_retail) as stock_retail
    from block_week
    group by quarter, sku, door
)
select sums.* exclude (stock_units, stock_cost, stock_retail),
    sums.stock_units + coalesce(opening.on_hand, 0) as stock_units,
    sums.stock_cost + coalesce(opening.stock_cost, 0) as stock_cost,
    sums.stock_retail + coalesce(opening.stock_retail, 0) as stock_retail,
    opening.sku is not null as has_opening,
    closing.on_hand as closing_units, closing.stock_cost as closing_cost,
    case when closing.sku is not null then sums.units end as closing_sold
from sums
left join ends as opening
    on opening.sku = sums.sku and opening.door = sums.door
    and opening.next_quarter = sums.quarter
left join ends as closing
    on closing.sku = sums.sku and closing.door = sums.door and closing.quarter = sums.quarter

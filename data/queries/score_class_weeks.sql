-- Sums of the rows in block_week by class, door and week, into class_week. A class that lies in two
-- blocks has two rows.
insert into class_week by name
select week, skus.class, door, sum(units) as units, sum(revenue) as revenue,
    sum(margin) as margin, sum(markdown) as markdown, sum(promoted_days) as promoted_days,
    sum(promoted_out) as promoted_out, sum(other_days) as other_days, sum(other_out) as other_out,
    sum(units) filter (on_hand is not null) as counted_units,
    sum(cost_of_sales) filter (on_hand is not null) as counted_cost,
    sum(on_hand) as stock_units, sum(stock_cost) as stock_cost
from block_week
join skus_now as skus on skus.sku = block_week.sku
group by week, skus.class, door

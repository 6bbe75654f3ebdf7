-- One row per activation and class: SKU-doors and those that were out for a day or more, stock at
-- its end and beyond $cover_weeks of what was sold behind it (money at cost, null where fewer than
-- two weeks behind it are known, or where another activation had left stock there before), sales
-- lost. Order: quarter, activation, class.
select cell.activation, any_value(cell.name) as name, any_value(cell.type) as type, skus.class,
    cell.quarter, count(*) filter (days > 0) as items, count(*) filter (days_out >= 1) as items_out,
    sum(case when is_fresh and after_weeks >= 2 then ended * cell.unit_cost end) as ended_cost,
    sum(case when is_fresh and after_weeks >= 2 then
        greatest(ended - $cover_weeks * greatest(after_units, 0) / after_weeks, 0) * cell.unit_cost
    end) as excess_cost,
    sum(lost_value) as lost_value
from activation_cell as cell
join skus_now as skus on skus.sku = cell.sku
where not is_sell_out
group by cell.activation, skus.class, cell.quarter
order by quarter, activation, class

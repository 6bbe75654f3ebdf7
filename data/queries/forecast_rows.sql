-- Scored cells of the horizon $horizon in the quarters from $from_quarter to $to_quarter, with the types of
-- activation that promoted them. Order: week, sku.
with promoted as (
    select sku, week, list_sort(list(distinct type)) as types from featured_week group by sku, week
)
select cell.*, skus.class, skus.department, coalesce(promoted.types, ['none']) as types
from forecast_cell as cell
join skus_now as skus on skus.sku = cell.sku
left join promoted on promoted.sku = cell.sku and promoted.week = cell.week
where cell.horizon = $horizon and cell.quarter between $from_quarter and $to_quarter
order by cell.week, cell.sku

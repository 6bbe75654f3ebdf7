-- One row per SKU and week whose demand is known, forecast $least_lag weeks before or more: every
-- layer of the last version published by then, in units. A week that no version foresaw at that
-- lag is left out: a later one would know too much.
with due as (
    select * from version_week
    where week <= $last_week and lag >= $least_lag
    qualify row_number() over (partition by sku, week order by as_of desc, version desc) = 1
)
select due.*, skus_now.class, skus_now.department
from due
join skus_now using (sku)

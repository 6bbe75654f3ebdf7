-- One row per SKU, with the cost, lead time and service level that hold in the week of $as_of.
-- Order: department, class, style, sku.
with told as (
    select sku, arg_max(value, week) filter (term = 'unit_cost') as unit_cost,
        arg_max(value, week) filter (term = 'lead_time_weeks') as lead_time_weeks,
        arg_max(value, week) filter (term = 'service_level') as service_level
    from term_from where week <= $as_of group by sku
)
select skus.sku, description, style, class, department, colour, size,
    coalesce(told.unit_cost, skus.unit_cost) as unit_cost, unit_price, case_pack, moq,
    coalesce(told.lead_time_weeks::bigint, skus.lead_time_weeks) as lead_time_weeks,
    coalesce(told.service_level, skus.service_level) as service_level, supplier, launch_date,
    exit_date, expedite_weeks, expedite_cost, like_sku, presentation_min, holding_cost
from skus_now as skus
left join told on told.sku = skus.sku
order by department, class, style, skus.sku

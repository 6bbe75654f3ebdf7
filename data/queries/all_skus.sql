-- One row per SKU. Order: department, class, style, sku.
select sku, description, style, class, department, colour, size, unit_cost, unit_price, case_pack,
    moq, lead_time_weeks, service_level, supplier, launch_date, exit_date, expedite_weeks,
    expedite_cost, like_sku,
    presentation_min, holding_cost
from skus_now
order by department, class, style, sku

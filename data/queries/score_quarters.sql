-- One row per fiscal quarter with sales or counts up to the week of $as_of: its known weeks, and
-- whether it is whole. Order: quarter.
with days as (
    select distinct date from sales_now union select distinct date from inventory_now
),
weeks as (select distinct week_of(date) as week from days),
whole as (
    select quarter, min(week) as begins, max(week) as ends from fiscal_week group by quarter
)
select quarter, min(week) as first_week, max(week) as last_week,
    ((max(week) - min(week)) // 7 + 1)::int as weeks,
    min(week) = any_value(begins) and max(week) = any_value(ends) as is_whole
from weeks join fiscal_week using (week) join whole using (quarter)
where week <= $as_of
group by quarter
order by quarter

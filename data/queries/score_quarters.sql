-- One row per fiscal quarter with sales or counts up to the week of $as_of: its known weeks, and
-- whether it is whole. Order: quarter.
with days as (
    select distinct date from sales_now union select distinct date from inventory_now
),
weeks as (select distinct (date - dayofweek(date)::int)::date as week from days),
named as (
    select week, fiscal_quarter(week) as quarter from weeks where week <= $as_of
)
select quarter, min(week) as first_week, max(week) as last_week,
    ((max(week) - min(week)) // 7 + 1)::int as weeks,
    (min(week) = any_value(fiscal_year_start(fiscal_year(week))) or fiscal_quarter(min(week) - 7) <> quarter)
    and fiscal_quarter(max(week) + 7) <> quarter as is_whole
from named
group by quarter
order by quarter

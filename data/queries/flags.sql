-- What the Bridge flagged at the end of each week in which a forecast came into force: the last run of
-- a week speaks. Order: as_of, activation, sku.
select as_of, activation, sku, status, units_short, margin_at_risk
from flag
where run in (select max(run) from flag group by as_of)
order by as_of, activation, sku

-- One row per SKU and distribution centre: share of the units ordered by the end of the week of
-- $as_of that were ordered for it.
select receipts_now.sku, receipts_now.door, sum(receipts_now.units) / max(every.units) as share
from receipts_now
join (
    select sku, sum(units) as units from receipts_now
    where coalesce(ordered, date '1900-01-01') < $as_of + 7
    group by sku
) as every using (sku)
semi join (select door from doors_now where kind = 'dc') using (door)
where coalesce(ordered, date '1900-01-01') < $as_of + 7 and every.units > 0
group by all
order by all

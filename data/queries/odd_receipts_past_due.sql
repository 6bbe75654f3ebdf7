-- One row per supplier (or door) with open order lines that were due more than two weeks before the last day
-- with sales. count: such lines; weight: units.
select coalesce(supplier, 'orders for ' || door) as subject, count(*) as count,
    arg_min(printf('%s, %s at %s: %s units due %s', receipt, sku, door, told_number(units, 0),
        told_day(eta)), eta) as example,
    sum(units) as weight, list(distinct 'sku/' || sku) as touches
from receipts_now, last_known
where eta < day - 14 and coalesce(status, 'confirmed') <> 'received' and received is null
group by subject
order by weight desc, subject

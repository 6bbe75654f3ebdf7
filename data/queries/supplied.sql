-- One row per SKU: units that its doors sold in the 26 weeks to $as_of, net of returns, and units of
-- orders for doors on record in those weeks.
with sold as (
    select sku, sum(units) as sold from sales_now
    anti join (select door from doors_now where kind = 'dc') using (door)
    where date > $as_of - 176 and date < $as_of + 7
    group by all
),
brought as (
    select sku, sum(units) as brought from receipts_now
    anti join (select door from doors_now where kind = 'dc') using (door)
    where coalesce(received, eta) > $as_of - 176
        and coalesce(ordered, date '1900-01-01') < $as_of + 7
        and coalesce(status, 'confirmed') <> 'planned'
    group by all
)
select sku, greatest(sold, 0) as sold, coalesce(brought, 0) as brought
from sold left join brought using (sku)
order by sku

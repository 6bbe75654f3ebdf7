-- One row per receipt line of $skus that came within the year before the end of the week of $as_of:
-- what an order that is still counted may have brought already. Order: received.
select receipt, sku, door, units, coalesce(received, eta) as received
from receipts_now
where sku in (select unnest($skus))
    and (received is not null or status = 'received')
    and coalesce(received, eta) between $as_of - 364 and $as_of + 6
order by received, receipt, sku, door

-- One row per open receipt line at $as_of. Order: eta.
select receipt, sku, door, eta, units, coalesce(status, 'confirmed') as status, supplier, ordered,
    original_eta, expedite_eta
from receipts_now
where coalesce(status, 'confirmed') <> 'received' and received is null
order by eta, receipt, sku, door

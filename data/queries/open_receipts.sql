-- One row per receipt line that was open at the end of the week of $as_of: those that are open, and
-- those received since, of which it is known when they came. Order: eta.
select receipt, sku, door, coalesce(received, eta) as eta, units,
    case when received is null then coalesce(status, 'confirmed') else 'confirmed' end as status,
    supplier, ordered, original_eta, case when received is null then expedite_eta end as expedite_eta,
    received
from receipts_now
where coalesce(status, 'confirmed') <> 'received' and received is null
    or received >= $as_of + 7
order by eta, receipt, sku, door

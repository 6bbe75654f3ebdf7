-- One row per receipt line that was on order at the end of the week of $as_of, with the date that
-- was promised then. A line without `ordered` counts where its date lies past the lead time back.
select receipt, receipts_now.sku, door, coalesce(original_eta, eta) as eta, units,
    'confirmed' as status, receipts_now.supplier, ordered, original_eta, expedite_eta
from receipts_now
join skus_now on skus_now.sku = receipts_now.sku
asof left join (select sku, week, value from term_from where term = 'lead_time_weeks') as told
    on told.sku = receipts_now.sku and coalesce(original_eta, eta) >= told.week
where coalesce(
        ordered,
        coalesce(original_eta, eta) - (7 * coalesce(told.value, lead_time_weeks, 6))::int
    ) < $as_of + 7
    and coalesce(received, case when status = 'received' then eta else date '2999-12-31' end)
        >= $as_of + 7
    and coalesce(status, 'confirmed') <> 'planned'
order by eta, receipt, sku, door

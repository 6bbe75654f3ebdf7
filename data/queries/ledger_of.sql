-- One row per event, latest first, that matches every filter given (null: any).
select seq from event
where ($person is null or person = $person)
    and ($function is null or function = $function)
    and ($kind is null or kind = $kind)
    and ($reason is null or reason = $reason)
    and ($activation is null or (body ->> 'activation') = $activation
        or (scope ->> 'activation') = $activation)
    and ($sku is null or seq in (select seq from leaf where sku = $sku))
order by seq desc
limit $most

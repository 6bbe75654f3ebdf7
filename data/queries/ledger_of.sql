-- One row per event, latest first, that matches every filter given (null: any). $skus and $nodes
-- say one part of the assortment twice: the SKUs in it, and every node ('level/name') that has any
-- of them; $doors and $places one part of the locations.
select seq from event
where ($person is null or person = $person)
    and ($function is null or function = $function)
    and ($kind is null or kind = $kind)
    and ($reason is null or reason = $reason)
    and ($activation is null or (body ->> 'activation') = $activation
        or (scope ->> 'activation') = $activation)
    and ($skus is null
        or seq in (select seq from leaf where sku in (select unnest($skus::varchar[])))
        or concat(scope ->> 'product_level', '/', scope ->> 'product')
            in (select unnest($nodes::varchar[]))
        or list_has_any(body ->> '$.before.items[*].sku', $skus::varchar[])
        or list_has_any(body ->> '$.after.items[*].sku', $skus::varchar[])
        or list_has_any(body ->> '$.moves[*].sku', $skus::varchar[]))
    and ($doors is null
        or seq in (select seq from leaf where door in (select unnest($doors::varchar[])))
        or concat(scope ->> 'location_level', '/', scope ->> 'location')
            in (select unnest($places::varchar[]))
        or list_has_any(body ->> '$.moves[*].to', $doors::varchar[])
        or list_has_any(body ->> '$.moves[*].origin', $doors::varchar[]))
order by seq desc
limit $most

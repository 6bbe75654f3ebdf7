-- Sequence numbers of the events that touched any leaf of the SKUs and weeks given, and of the
-- comments on any node ('level/name') that has any of these SKUs, in weeks that overlap.
select seq
from (
    select seq from leaf
    where sku in (select unnest($skus::varchar[])) and week between $first_week and $last_week
    union
    select seq from event
    where kind = 'comment'
        and concat(scope ->> 'product_level', '/', scope ->> 'product')
            in (select unnest($nodes::varchar[]))
        and (scope ->> 'first_week')::date <= $last_week
        and (scope ->> 'last_week')::date >= $first_week
)
order by seq desc
limit 200

-- One row per event after $after up to $last. Order: seq.
select seq, recorded_at, person, function, kind, cycle, scope, operation, value, body, reason, note,
    base, client_id
from event
where seq > $after and seq <= $last
order by seq

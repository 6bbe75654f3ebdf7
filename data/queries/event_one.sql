-- The event $seq.
select seq, recorded_at, person, function, kind, cycle, scope, operation, value, body, reason, note,
    base, client_id
from event
where seq = $seq

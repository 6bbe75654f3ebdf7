-- One row per event after a number up to another. Order: seq.
select seq, recorded_at, person, function, kind, cycle, scope, operation, value, body, reason, note,
    base, client_id, input, activation, sku, door, week, delta
from concord.event
where seq > %s and seq <= %s
order by seq

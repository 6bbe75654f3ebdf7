-- One row per event of the kinds $kinds. Order: seq.
select seq, recorded_at, person, function, kind, cycle, scope, operation, value, body, reason, note,
    base, client_id
from event
where kind in (select unnest($kinds::varchar[]))
order by seq

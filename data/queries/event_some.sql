-- One row per event whose number is among $seqs. Order: seq.
select seq, recorded_at, person, function, kind, cycle, scope, operation, value, body, reason, note,
    base, client_id
from event
where seq in (select unnest($seqs::bigint[]))
order by seq

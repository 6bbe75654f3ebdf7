-- One row per event that a request among $clients made: its number. Order: seq.
select seq
from event
where client_id in (select unnest($clients::varchar[]))
order by seq

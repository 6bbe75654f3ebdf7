-- Who gave what every event did, and why: one row per event. An undo counts for the person and the
-- reason of what it took back.
create view given as
with undo as (
    select seq, (body ->> 'target')::bigint as target from event where kind = 'undo'
)
select event.seq, event.kind, coalesce(target.person, event.person) as person,
    coalesce(target.reason, event.reason) as reason
from event
left join undo on undo.seq = event.seq
left join event as target on target.seq = undo.target;

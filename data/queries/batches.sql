-- One row per import, rolled back or not. Order: latest first.
select event.seq as batch, event.recorded_at, event.person, event.body ->> 'summary' as summary,
    rolled.seq is not null as rolled_back
from event
left join (
    select seq, (body ->> 'batch')::bigint as batch from event where kind = 'rollback'
) as rolled on rolled.batch = event.seq
where event.kind = 'import'
order by event.seq desc

-- What every input adds to demand now: one row per input, aim and leaf, in units.
create view input_now as
select input, activation, sku, door, week, sum(delta) / 1000.0 as units
from leaf
group by all
having sum(delta) <> 0;

-- Import batches in force: one row per import event that was not rolled back.
create view batch_now as
select seq as batch, recorded_at, person, body
from event
where kind = 'import'
  and seq not in (
      select (body ->> 'batch')::bigint from event where kind = 'rollback'
  );

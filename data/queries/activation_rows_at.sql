-- One row per activation as imports that were in force at the moment $seq gave it, with its
-- batch; as activation_rows. Order: start, activation.
select activation, name, type, start, "end", coalesce(status, 'planned') as status, owner, channel,
    spend, lock_date, batch, known_from, coalesce(sell_out, 'no') = 'yes' as sell_out
from activations
where batch in (
    select seq from event
    where kind = 'import' and seq <= $seq and seq not in (
        select (body ->> 'batch')::bigint from event where kind = 'rollback' and seq <= $seq
    )
)
qualify batch = max(batch) over (partition by activation)
order by start, activation

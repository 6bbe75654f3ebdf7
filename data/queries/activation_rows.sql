-- One row per activation as imported, with its batch. Order: start, activation.
select activation, name, type, start, "end", coalesce(status, 'planned') as status, owner, channel,
    spend, lock_date, batch, known_from, coalesce(sell_out, 'no') = 'yes' as sell_out
from activations_now
order by start, activation

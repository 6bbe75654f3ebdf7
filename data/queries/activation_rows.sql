-- One row per activation as imported, with its batch. Order: start, activation.
select activation, name, type, start, "end", coalesce(status, 'planned') as status, owner, channel,
    spend, lock_date, batch, known_from
from activations_now
order by start, activation

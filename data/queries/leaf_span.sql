-- One row per leaf delta of the events after $after up to $last. Order: seq.
select seq, input, activation, sku, door, week, delta
from leaf
where seq > $after and seq <= $last
order by seq

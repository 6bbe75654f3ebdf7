-- What every input adds to demand at the moment $seq, one row per input, aim and leaf, in
-- thousandths of a unit, for weeks from $first_week on.
select input, activation, sku, door, week, sum(delta)::bigint as delta
from leaf
where seq <= $seq and week >= $first_week
group by all
having sum(delta) <> 0

-- What every input adds at the moment $seq by the reason given, one row per input, aim, reason,
-- SKU and week over all doors, in thousandths of a unit, for weeks from $first_week on. An undo
-- counts for the reason of what it took back.
with moved as (
    select seq, input, activation, sku, week, sum(delta) as delta
    from leaf
    where seq <= $seq and week >= $first_week and input <> 'agreed'
    group by all
)
select moved.input, moved.activation, given.reason, moved.sku, moved.week,
    sum(moved.delta)::bigint as delta
from moved join given using (seq)
group by all
having sum(moved.delta) <> 0

-- What every input adds at the moment $seq by the reason given, one row per input, aim, reason,
-- SKU and week over all doors, in thousandths of a unit, for weeks from $first_week on. An undo
-- counts for the reason of what it took back.
select leaf.input, leaf.activation, coalesce(target.reason, event.reason) as reason, leaf.sku,
    leaf.week, sum(leaf.delta)::bigint as delta
from leaf
join event on event.seq = leaf.seq
left join event as target
    on event.kind = 'undo' and target.seq = (event.body ->> 'target')::bigint
where leaf.seq <= $seq and leaf.week >= $first_week and leaf.input <> 'agreed'
group by all
having sum(leaf.delta) <> 0

-- Agreements of cycle $cycle at the moment $seq, one row per leaf: what they add to the
-- statistical number, in thousandths of a unit, and how many of them stand.
select leaf.sku, leaf.door, leaf.week, sum(leaf.delta)::bigint as delta,
    sum((event.body ->> 'standing')::bigint)::bigint as standing
from leaf
join event on event.seq = leaf.seq
where leaf.input = 'agreed' and event.cycle = $cycle and leaf.seq <= $seq
group by all

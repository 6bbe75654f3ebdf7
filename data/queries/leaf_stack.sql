-- Every ordinary change of the leaves that event $seq touched, in the same input and aim:
-- one row per event and leaf. A hold is none: it keeps cells out of spreading, and changes nothing.
-- Order: seq.
select other.seq, other.sku, other.door, other.week, other.delta,
    event.kind = 'undo' as is_undo
from leaf as target
join leaf as other
    on other.sku = target.sku and other.door = target.door and other.week = target.week
    and other.input = target.input and other.activation = target.activation
join event on event.seq = other.seq
where target.seq = $seq and event.kind not in ('hold', 'release')
order by other.seq

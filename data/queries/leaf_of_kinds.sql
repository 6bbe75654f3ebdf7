-- One row per leaf delta of the events of the kinds $kinds. Order: seq.
select leaf.seq, sku, door, week, delta
from leaf join event on event.seq = leaf.seq and kind in (select unnest($kinds::varchar[]))
order by leaf.seq

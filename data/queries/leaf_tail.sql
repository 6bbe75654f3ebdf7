-- One row per leaf delta of the events after $after. Order: seq.
select seq, sku, door, week, delta from leaf where seq > $after order by seq

-- One row per leaf delta of the event $seq.
select seq, sku, door, week, delta from leaf where seq = $seq

-- One row per leaf delta of the events whose numbers are among $seqs. Order: seq.
select seq, sku, door, week, delta from leaf
where seq in (select unnest($seqs::bigint[]))
order by seq

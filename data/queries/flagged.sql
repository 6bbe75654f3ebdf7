-- One row if what the Bridge flagged is kept of the run $run, else none.
select run from flag where run = $run limit 1

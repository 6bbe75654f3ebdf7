-- Weeks of one $sku that the run $run did not take as they were.
select door, week, reason, raw, clean
from run_correction
where run = $run and sku = $sku
order by week, door

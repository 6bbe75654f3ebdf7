-- Largest lift that the latest run saw an activation have in each class: one row per class.
select skus_now.class, max(1 + actual / baseline) as lift
from run_lift join skus_now on skus_now.sku = run_lift.sku
where run = (select max(run) from run_lift) and baseline > 0
group by skus_now.class

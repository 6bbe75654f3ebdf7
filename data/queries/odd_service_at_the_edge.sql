-- One row per class with SKUs that ask for a service level of .995 or more. count: such SKUs; weight: what they
-- sold in 13 weeks.
with recent as (select sku, sum(units) as units from recent_units group by sku)
select class as subject, count(*) as count,
    arg_max(printf('%s: %s', skus_now.sku, told_figure(service_level)), service_level) as example,
    coalesce(sum(recent.units), 0) as weight, list('sku/' || skus_now.sku) as touches
from skus_now
left join recent on recent.sku = skus_now.sku
where service_level >= 0.995
group by class
order by weight desc, subject

-- One row per class with SKUs that ask for a service level of .995 or more, in skus or in terms. count:
-- such SKUs; weight: what they sold in 13 weeks.
with asked as (
    select sku, max(service_level) as service_level from (
        select sku, service_level from skus_now
        union all
        select sku, value from term_from where term = 'service_level'
    ) where service_level >= 0.995 group by sku
),
recent as (select sku, sum(units) as units from recent_units group by sku)
select class as subject, count(*) as count,
    arg_max(printf('%s: %s', asked.sku, told_figure(asked.service_level)), asked.service_level) as example,
    coalesce(sum(recent.units), 0) as weight, list('sku/' || asked.sku) as touches
from asked
join skus_now on skus_now.sku = asked.sku
left join recent on recent.sku = asked.sku
group by class
order by weight desc, subject

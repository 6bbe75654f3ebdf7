-- Ranges of SKUs that are summed at once, about $rows rows of sales each. Order: low.
with counted as (
    select sku, count(*) as n from sales group by sku
    union all
    select sku, 1 from skus_now
),
each as (select sku, sum(n) as n from counted group by sku),
placed as (select sku, (sum(n) over (order by sku) - n)::bigint // $rows as block from each)
select min(sku) as low, max(sku) as high from placed group by block order by low

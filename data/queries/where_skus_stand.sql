-- One row per SKU: where it stands in the assortment. Order: sku.
select sku, style, class, department from skus_now order by sku

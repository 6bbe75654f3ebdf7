-- One row per SKU, week and type of activation that featured it at any door.
select distinct sku, week, type from featured_week

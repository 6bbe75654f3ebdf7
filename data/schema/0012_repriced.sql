-- What coming moves of regular price do to each SKU's demand, week by week; null in runs
-- that were made before it was kept, whose shape has them all the same.
alter table run_sku add column repriced float[];

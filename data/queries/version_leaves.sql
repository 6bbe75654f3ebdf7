-- One row per SKU and door of version $version: its consensus, week by week.
select sku, door, units from version_leaf where version = $version order by sku, door

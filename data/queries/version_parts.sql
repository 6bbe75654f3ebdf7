-- One row per SKU and part of version $version: what its consensus is the sum of.
select sku, kind, name, reason, units from version_part where version = $version
order by sku, kind, name, reason

-- One row per SKU of version $version: every layer, week by week, thousandths of a unit.
select sku, naive, statistical, marketing, merchandising, planning, proposed, consensus
from version_sku where version = $version order by sku

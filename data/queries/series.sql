-- One row per SKU and selling door with a forecast: since and until when it is ranged (could_sell),
-- gaps between left out.
select sku, door, min(first_day) as ranged_from,
    coalesce(max(last_day) filter (is_ranged), date '1990-01-01') as ranged_to
from could_sell($as_of::date + 7)
group by sku, door
order by sku, door

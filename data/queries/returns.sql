-- One row per SKU and door that sold, of doors at which something came back in the 52 weeks to $as_of: units sold and
-- units that came back, of the SKU there and of everything at the door. Where units are told with
-- returns taken off, nothing comes back beside them.
with flow as (
    select sku, door, sum(greatest(units, 0)) as sold, sum(greatest(-units, 0)) as returned
    from sales_now
    anti join netted_doors($as_of::date + 7) as netted using (door)
    where date > $as_of - 358 and date < $as_of + 7
    group by all
),
doors as (
    select door, sum(sold) as door_sold, sum(returned) as door_returned from flow group by all
)
select sku, door, sold, returned, door_sold, door_returned
from flow join doors using (door)
where door_returned > 0
order by sku, door

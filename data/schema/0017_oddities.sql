-- What looks at the data as a whole starts from: the last day with sales, and the week that it is in.
-- One row; null where there are no sales.
create view last_known as
select max(date) as day, (max(date) - dayofweek(max(date))::int)::date as week from sales_now;

-- Units sold in the last 13 weeks, one row per SKU and door: what an oddity of them weighs.
create view recent_units as
select sku, door, sum(greatest(units, 0)) as units
from sales_now, last_known
where date > day - 91
group by sku, door;

-- One row per activation that is not over and not cancelled, SKU and door that it names (null: all);
-- an activation without any has one row with a
-- null SKU. style: where it names a style, which stands for all its SKUs.
create view coming_item as
select one.activation, one.name, one.type, one.start, one."end", coalesce(items.sku, skus_now.sku) as sku,
    case when items.sku is null then items.style end as style, items.door, items.discount, items.lift
from activations_now as one
cross join last_known
left join activation_items_now as items on items.activation = one.activation
left join skus_now on items.sku is null and skus_now.style = items.style
where coalesce(one.status, 'planned') <> 'cancelled' and (day is null or one."end" > day);

-- Stock that was counted last, one row per SKU and door.
create view last_count as
select sku, door, arg_max(on_hand, date) as on_hand, max(date) as date
from inventory_now
group by sku, door

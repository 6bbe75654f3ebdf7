-- One row per SKU and selling door that sold in the 13 weeks to $as_of and where its stock was never
-- counted, though it was counted elsewhere: units sold, and the place that has most of it.
with sold as (
    select sku, door, sum(greatest(units, 0)) as units from sales_now
    anti join (select door from doors_now where kind = 'dc') using (door)
    where date > $as_of - 85 and date < $as_of + 7
    group by all
),
held as (
    select sku, door, arg_max(on_hand, date) as on_hand from inventory_now
    where date < $as_of + 7
    group by all
),
most as (
    select sku, arg_max(door, (on_hand, door)) as held_at from held group by sku
)
select sku, door, units, held_at
from sold
anti join held using (sku, door)
join most using (sku)
where units > 0
order by units desc, sku, door

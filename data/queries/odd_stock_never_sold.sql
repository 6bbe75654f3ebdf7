-- One row per selling door with stock of SKUs that it never sold, on hand for four weeks and more. count: such
-- SKUs; weight: units on hand.
with first_count as (
    select sku, door, min(date) filter (on_hand > 0) as since from inventory_now group by sku, door
)
select held.door as subject, count(*) as count,
    arg_max(printf('%s: %s on hand', held.sku, told_number(held.on_hand, 0)), held.on_hand) as example,
    sum(held.on_hand) as weight,
    list_concat(['door/' || held.door], list('sku/' || held.sku)) as touches
from last_count as held
join first_count as first on first.sku = held.sku and first.door = held.door
join skus_now on skus_now.sku = held.sku
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') as selling on selling.door = held.door
anti join (select distinct sku, door from sales_now) as sold on sold.sku = held.sku and sold.door = held.door
cross join last_known
where held.on_hand > 0 and first.since <= day - 28
    and (launch_date is null or launch_date <= day - 28)
group by held.door
order by weight desc, subject

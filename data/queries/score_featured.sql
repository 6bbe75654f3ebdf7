-- Activations begun by the week of $as_of, with a row for each door where the SKU is ranged, from
-- calendar_now: one row per activation and featured SKU, door null for all. A row that names a door
-- replaces the general one there (forecasting/demand/offers.py has the rule); of equals the best price.
insert into featured by name
with listed as (select distinct sku from ranged),
sold as (select distinct sku, door from sales),
placed as (
    select coalesce(ranged.sku, sold.sku) as sku, coalesce(ranged.door, sold.door) as door
    from sold full join ranged on ranged.sku = sold.sku and ranged.door = sold.door
    where ranged.sku is not null
        or sold.sku not in (select sku from listed)
)
select calendar.activation, calendar.name, calendar.type, calendar.sku, placed.door,
    calendar.first_day::date as first_day, calendar.last_day::date as last_day,
    coalesce(calendar.discount, max(calendar.discount) over one)::double as discount,
    calendar.is_sell_out
from calendar_now as calendar
join placed
    on placed.sku = calendar.sku and (calendar.door is null or placed.door = calendar.door)
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') as selling
    on selling.door = placed.door
where calendar.first_day::date < $as_of::date + 7
window
    one as (partition by calendar.activation, calendar.sku, placed.door, first_day, last_day),
    special as (one order by calendar.door is null, calendar.discount desc nulls last)
qualify row_number() over special = 1

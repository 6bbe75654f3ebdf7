-- One row per SKU, door and week from $since to $until: units sold, and whether the shelf ran
-- empty (null: nothing says so, or it could not be sold there). units_lost is what was demand beyond that by the run $run, which knows
-- the weeks to $known; in weeks that it does not know, what the share of the week on the shelf lets
-- expect, at most as much again as was sold; null where neither says anything.
with sold as (
    select sku, door, week_of(date) as week,
        case when any_value(netted) then greatest(sum(units), 0)
            else sum(greatest(units, 0)) end as units,
        avg(in_stock) as in_stock
    from sales_now
    left join (select door, true as netted from netted_doors($until::date)) as net using (door)
    where date >= $since and date < $until
    group by all
),
counted as (
    select sku, door, week_of(date) as week,
        arg_max(on_hand, date) as on_hand
    from inventory_now
    where date >= $since and date < $until
    group by all
),
seen as (
    select sku, door, week, coalesce(units, 0) as units, on_hand, in_stock,
        case
            when days_open(week, could.spans) = 0 then null
            when in_stock is not null then in_stock < 1
            when on_hand is not null then on_hand <= 0
        end as stocked_out
    from sold full join counted using (sku, door, week)
    left join could_sell_now as could using (sku, door)
    semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') using (door)
),
demand as (
    select sku, door, week, greatest(clean, 0) as clean
    from run_correction
    where run = $run and week >= $since and week < $until
)
select sku, door, week, units, on_hand, stocked_out,
    case
        when week <= $known then
            case when stocked_out then greatest(coalesce(clean, units) - units, 0)
                when not stocked_out then 0 end
        when in_stock is not null then
            least(units / greatest(in_stock, 0.01) - units, units + 1)
    end as units_lost
from seen left join demand using (sku, door, week)
order by sku, door, week

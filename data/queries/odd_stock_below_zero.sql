-- One row per door with stock below zero at its SKUs' last counts. count: such SKUs; weight: units below
-- zero.
select door as subject, count(*) as count,
    arg_min(printf('%s: %s on %s', sku, told_number(on_hand, 0), told_day(date)), on_hand) as example,
    -sum(on_hand) as weight, list_concat(['door/' || door], list('sku/' || sku)) as touches
from last_count
where on_hand < 0
group by door
order by weight desc, subject

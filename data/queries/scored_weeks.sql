-- The cells of the quarter $quarter within what is asked, the emptiest shelves first.
select cells.*
from cell_week as cells
join skus_now as skus on skus.sku = cells.sku
join doors_now as doors on doors.door = cells.door
where cells.quarter = $quarter
    and ($in_sku is null or cells.sku = $in_sku)
    and ($in_door is null or cells.door = $in_door)
    and ($in_class is null or skus.class = $in_class)
    and ($in_department is null or skus.department = $in_department)
    and ($in_region is null or doors.region = $in_region)
order by promoted_out desc, other_out desc, cells.sku, cells.door, cells.week
limit 5000

-- Sums of cell_quarter by department, class, door and quarter, into class_quarter.
insert into class_quarter by name
select cell.quarter, skus.department, skus.class, cell.door,
    sum(columns(cell.* exclude (quarter, sku, door, has_opening))),
    bool_or(has_opening) as has_opening
from cell_quarter as cell
join skus_now as skus on skus.sku = cell.sku
group by cell.quarter, skus.department, skus.class, cell.door

-- Rows of cell_week of the SKUs from $low to $high up to the week of $as_of, with their quarter.
create or replace temp table block_week as
select cells.*, quarters.quarter
from (select * from cell_week where sku between $low and $high) as cells
join score_quarter as quarters
    on cells.week between quarters.first_week and quarters.last_week

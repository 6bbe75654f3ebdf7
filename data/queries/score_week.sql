-- Rows of cell_week of the SKUs from $low to $high.
create or replace temp table block_week as
select * from cell_week where sku between $low and $high

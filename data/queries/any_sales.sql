-- One row if anything was ever sold, else none; it does not look which import is in force.
select sku from sales limit 1

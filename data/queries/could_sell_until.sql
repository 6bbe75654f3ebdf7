-- One row per SKU, selling door and span of days in which it could be sold, by what was known at the
-- end of the week of $as_of.
select sku, door, first_day, last_day, since from could_sell($as_of::date + 7)
order by sku, door, first_day

-- One row per SKU, term and week after the week of $as_of from which another value holds. Order: week.
select sku, term, week, value
from term_from
where week > $as_of
order by week, sku, term

-- The first week with sales or stock from $since to $as_of.
select week_of(min(date)) as week
from (select date from sales_now union all select date from inventory_now)
where date >= $since and date < $as_of + 7

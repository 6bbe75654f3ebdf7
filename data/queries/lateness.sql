-- One row per supplier and weeks late, of the orders received by the end of the week of $as_of:
-- how many lines. Early counts as on time, more than six weeks as six.
select coalesce(supplier, '') as supplier,
    least(greatest(
        datediff('day', coalesce(original_eta, eta), received) // 7, 0
    ), 6)::int as weeks, count(*)::int as lines
from receipts_now
where received is not null and received < $as_of + 7
group by all
order by supplier, weeks

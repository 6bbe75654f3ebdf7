-- One row per door and week from its first report to the week of $as_of, and per week of a count: whether
-- it told what it sold, be it nothing, and whether it counted stock.
select door, week, coalesce(reports.told <> 'silent', false) as is_told,
    coalesce(door_week.counted > 0, false) as is_counted
from door_reports($as_of::date + 7) as reports
full join (select * from door_week where week <= $as_of) as door_week using (door, week)
order by door, week

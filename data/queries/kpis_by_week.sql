-- One row per week, metric and channel: the mean of its days where the value is a rate, else their
-- sum. A rate is never above one. Order: metric, channel, week.
with rates as (select metric, max(value) <= 1 as is_rate from kpis_now group by metric)
select week_of(date) as week, metric, coalesce(channel, '') as channel,
    case when any_value(is_rate) then avg(value) else sum(value) end as value
from kpis_now join rates using (metric)
group by all
order by metric, channel, week

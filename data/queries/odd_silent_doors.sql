-- One row per door whose sales of whole weeks, after its first and up to the one of $as_of, did not come
-- in. count: such weeks; weight: units that its other weeks let expect of them. Order: weight.
with reports as (select * from door_reports($as_of::date + 7)),
paces as (
    select door, sum(greatest(units, 0)) as units,
        (max(week_of(date)) - min(week_of(date))) // 7 + 1 as weeks
    from sales_now group by door
),
silent as (
    select door, count(*) as count, min(week) as first, max(week) as last,
        (select max(week) from reports) as until
    from reports where told = 'silent' group by door
)
select door as subject, silent.count, first, last, last = until as is_silent_now,
    count * units / greatest(weeks - count, 1) as weight
from silent join paces using (door)
semi join (select door from doors_now where coalesce(kind, 'store') <> 'dc') as selling using (door)
order by weight desc, subject

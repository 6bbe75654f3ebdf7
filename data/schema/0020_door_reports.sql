-- As in 0018, and one thing more: that a door sold none is believed only where its sales let it be, or
-- where that is its habit. A door that sells hundreds a week and told of 11 weeks in 12 did not sell
-- none in the twelfth; a buyer of a hundred every fourth week did. pace: units a week, weeks without
-- any counted as such; from one week in three on, going without is a habit.
create or replace macro door_reports(until) as table
with sold_in as (
    select door, week_of(date) as week, sum(greatest(units, 0)) as units
    from sales_now where date < until group by all
),
told as (
    select door, week, lead(week) over (partition by door order by week) as next from sold_in
),
spaced as (
    select door, week, next, (coalesce(next, week_of(until)) - week) // 7 as gap
    from told
),
usual as (
    select door, quantile_disc(gap, 0.9) as most from spaced where next is not null group by door
),
often as (
    select door, 1 / avg(gap) as chance
    from spaced join usual using (door)
    where next is not null and gap <= most
    group by door
),
paces as (
    select door, sum(units) / ((max(week) - min(week)) // 7 + 1) as pace from sold_in group by door
)
select door, (week + (7 * place)::int)::date as week,
    case
        when place = 0 then 'sold'
        when (1 - coalesce(chance, 1)) ** (gap - 1) < 0.01 then 'silent'
        when chance > 2 / 3 and was_shut(pace, gap - 1) then 'silent'
        else 'nothing'
    end as told
from (select door, week, gap, unnest(range(0, gap)) as place from spaced)
left join often using (door)
left join paces using (door)

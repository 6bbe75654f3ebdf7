-- One row per door ($of_doors), or one of the whole company, of which weeks sold $more times or $less of
-- the weeks beside them, where these sold $least units. subject: the door, or 'all doors'; count: such
-- weeks; example: the one that differs most. Weeks with more than a fifth of their units in activations are passed over,
-- as are those that differed alike a year before: these have their reason.
with weeks as (
    select case when $of_doors then door else 'all doors' end as subject, week,
        sum(units) as units, coalesce(sum(units) filter (is_shown), 0) as in_activations
    from week_units
    group by all
),
beside as (
    select *, median(units) over (partition by subject order by week rows between 3 preceding and 1 preceding) as before,
        median(units) over (partition by subject order by week rows between 1 following and 3 following) as after
    from weeks
),
judged as (
    select *, units / nullif(coalesce(before, after), 0) as by_before,
        units / nullif(coalesce(after, before), 0) as by_after
    from beside
    where greatest(before, after) >= $least
),
found as (
    select * from judged as one
    where in_activations <= 0.2 * greatest(units, 1)
        and (least(by_before, by_after) >= $more or greatest(by_before, by_after) <= $less)
        and not exists (
            from judged as former
            where former.subject = one.subject and abs(datediff('day', former.week, one.week)) between 357 and 371
                and ((one.by_before > 1 and least(former.by_before, former.by_after) >= 1 + ($more - 1) / 2)
                    or (one.by_before < 1 and greatest(former.by_before, former.by_after) <= 1 - (1 - $less) / 2))
        )
)
select subject, count(*) as count,
    arg_max(printf('week of %s: %s units, %s times the weeks beside it', told_day(week),
        told_number(units, 0), told_number((by_before + by_after) / 2, 1)), abs(ln(greatest(by_before, 0.01)))) as example,
    sum(abs(units - (coalesce(before, after) + coalesce(after, before)) / 2)) as weight,
    case when $of_doors then ['door/' || subject] else []::varchar[] end as touches
from found
group by subject
order by weight desc, subject

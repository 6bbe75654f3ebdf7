-- One row per SKU, door and company (level, subject) that changed its level within the 26 weeks to the
-- one of $as_of and stayed there: for `n` weeks, four or more, since the week `start` it has sold `after`
-- a week, 1.8 times or .55 of `before`, what it sold in the eight weeks before. Looked at are SKUs and doors that
-- could be sold all the while, in weeks that are known: the door told, it was on the shelf, no
-- activation ran. What moves the rest of its class (the other doors) alike, or moved alike a year before, is
-- season and passed over; where neither can be seen, the change has to be larger. Order: units moved.
with first as (select min(week) as week from week_units),
pairs as (
    select distinct could.sku, could.door, skus_now.class
    from could_sell($as_of::date + 7) as could
    join skus_now on skus_now.sku = could.sku
    cross join first
    where could.is_ranged and could.last_day >= $as_of + 6
        and greatest(could.first_day, could.since) <= greatest($as_of - 231, first.week + 7)
),
told as (
    select sku, door, week, units, is_shown or coalesce(in_stock, 1) < 0.5 as is_unknown
    from week_units semi join pairs using (sku, door)
    where week >= $as_of - 231 and week <= $as_of
),
weeks as (select distinct week from told),
unknown as (
    select sku, door, week from told where is_unknown
    union
    select sku, door, reports.week
    from door_reports($as_of::date + 7) as reports join pairs using (door)
    where reports.told = 'silent' and reports.week >= $as_of - 231
    union
    select sku, door, week_of(date) from inventory_now
    where date >= $as_of - 231 and date < $as_of + 7
    group by all having max(on_hand) <= 0
),
known as (
    select sku, door, week, greatest(units, 0) as units
    from told anti join unknown using (sku, door, week)
),
usual as (
    select pairs.sku, pairs.door, class,
        coalesce(sold.units, 0) / ((select count(*) from weeks) - coalesce(missed.n, 0)) as mean
    from pairs
    left join (select sku, door, sum(units) as units from known group by all) as sold
        on sold.sku = pairs.sku and sold.door = pairs.door
    left join (select sku, door, count(*) as n from unknown group by all) as missed
        on missed.sku = pairs.sku and missed.door = pairs.door
    where coalesce(missed.n, 0) < (select count(*) from weeks)
),
-- What is known of each subject and week, and of how much of its usual units that is.
subjects as (
    select 'sku' as level, sku as subject, any_value(class) as class, sum(mean) as mean
    from usual group by sku
    union all
    select 'door', door, null, sum(mean) from usual group by door
    union all
    select 'company', 'all doors', null, sum(mean) from usual
),
moved as (
    select sku, door, week, units, 0.0 as mean from known
    union all
    select sku, door, week, 0.0, mean from unknown join usual using (sku, door)
),
by_week as (
    select 'sku' as level, sku as subject, week, sum(units) as units, sum(mean) as missing
    from moved group by all
    union all
    select 'door', door, week, sum(units), sum(mean) from moved group by all
    union all
    select 'company', 'all doors', week, sum(units), sum(mean) from moved group by all
),
own as (
    select subjects.level, subjects.subject, subjects.class, subjects.mean as whole, weeks.week,
        coalesce(by_week.units, 0) as units, subjects.mean - coalesce(by_week.missing, 0) as mean
    from subjects cross join weeks
    left join by_week on by_week.level = subjects.level and by_week.subject = subjects.subject
        and by_week.week = weeks.week
    where subjects.mean > 0
),
of_class as (
    select class, week, sum(units) as units, sum(mean) as mean from own where level = 'sku' group by all
),
of_all as (select week, units, mean from own where level = 'company'),
-- Units a week as if all were known; and what share of its usual the rest sold: of its class where
-- that is large, else of all.
levels as (
    select own.level, subject, own.week, whole * own.units / own.mean as units,
        case when of_class.mean >= 4 * own.mean
            then (of_class.units - own.units) / (of_class.mean - own.mean)
            when own.mean < 0.9 * of_all.mean
            then (of_all.units - own.units) / (of_all.mean - own.mean)
        end as rest
    from own
    join of_all using (week)
    left join of_class on of_class.week = own.week and of_class.class = own.class
    where own.mean >= 0.7 * whole
),
-- Only whoever sells otherwise now than ever in this time may have changed its level.
perhaps as (
    select level, subject from (
        select level, subject, week, median(units) over (
            partition by level, subject order by week rows between 3 preceding and current row) as typical
        from levels
    )
    group by level, subject
    having greatest(max(typical), 1) >= 1.6 * arg_max(typical, week)
        or arg_max(typical, week) >= 1.6 * greatest(min(typical), 1)
),
split as (
    select level, subject, start, count(*) filter (week < start) as n_before,
        count(*) filter (week >= start) as n,
        median(units) filter (week < start) as before, median(units) filter (week >= start) as after,
        avg(units) filter (week >= start) - avg(units) filter (week < start) as moved,
        quantile_disc(units, 0.1) filter (week < start) as before_low,
        quantile_disc(units, 0.9) filter (week < start) as before_high,
        quantile_disc(units, 0.1) filter (week >= start) as after_low,
        quantile_disc(units, 0.9) filter (week >= start) as after_high,
        median(rest) filter (week < start) as rest_before, median(rest) filter (week >= start) as rest_after
    from levels semi join perhaps using (level, subject)
    cross join (select week as start from weeks where week >= $as_of - 175 and week <= $as_of - 21)
    where week >= start - 56
    group by level, subject, start
),
stepped as (
    select *, after > before as is_up, greatest(after, 0.1) / greatest(before, 0.1) as times,
        greatest(rest_after, 0.01) / greatest(rest_before, 0.01) as rest_times,
        case level when 'sku' then 15 when 'door' then 30 else 50 end as least
    from split
    where n_before >= 5 and n >= 4 and abs(after - before) >= 3 * sqrt(before + after)
        and ((after >= 1.8 * before and after_low >= 1.3 * before_high)
            or (after <= 0.55 * before and 1.3 * after_high <= before_low))
    qualify abs(moved) = max(abs(moved)) over (partition by level, subject)
),
former as (
    select sku, door, week, units from week_units
    where week >= $as_of - 595 and week <= $as_of - 364
),
former_weeks as (
    select level, subject, week, sum(units) as units
    from former join stepped on level = 'sku' and subject = sku group by all
    union all
    select level, subject, week, sum(units)
    from former join stepped on level = 'door' and subject = door group by all
    union all
    select 'company', 'all doors', week, sum(units)
    from former where exists (from stepped where level = 'company') group by all
),
a_year_before as (
    select level, subject, avg(units) filter (week < start - 364) as before,
        avg(units) filter (week >= start - 364) as after
    from former_weeks join stepped using (level, subject)
    where week >= start - 420
    group by all having count(*) filter (week < start - 364) >= 5
)
select stepped.level, stepped.subject, stepped.start, stepped.n, stepped.before, stepped.after
from stepped
left join a_year_before as former on former.level = stepped.level
    and former.subject = stepped.subject and greatest(former.before, former.after) >= least / 2
where greatest(stepped.before, stepped.after) >= least
    and case when is_up then times >= 1.8 * coalesce(rest_times, 0) else times <= 0.55 * coalesce(rest_times, 10) end
    and case when is_up then times * greatest(former.before, 0.1) >= 1.8 * former.after
        else times * greatest(former.before, 0.1) <= 0.55 * former.after end is not false
    and (rest_times is not null or former.before is not null or times >= 2.5 or times <= 0.4)
order by abs(stepped.after - stepped.before) desc, stepped.level, stepped.subject

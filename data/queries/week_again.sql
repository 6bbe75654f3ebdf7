-- One row per staged sales row (staging.typed) that would count a week twice: the week of the SKU and
-- door holds a row of another day already, and one of the two reports by the week. Who reports by
-- the week has all rows of a door, over at least four weeks, on one day of the week. Days that
-- are sent again are replaced, not added; returns (below zero) are no report of a week.
with sent as (
    select _row, sku, door, date, units, week_of(date) as week,
        day_of_week(date) as day
    from staging.typed where date is not null and sku is not null and door is not null
),
had as (
    select sku, door, date, week_of(date) as week,
        day_of_week(date) as day
    from sales_now
    where date >= (select min(week) - 56 from sent) and date < (select max(week) + 7 from sent)
),
days_sent as (select door, day, count(*) as n from sent group by all),
days_had as (select door, day, count(*) as n from had group by all),
weeks_sent as (select door, count(distinct week) as n from sent group by all),
weeks_had as (select door, count(distinct week) as n from had group by all),
by_week_sent as (
    select door from days_sent semi join (from weeks_sent where n >= 4) as long using (door)
    group by door having max(n) >= 0.95 * sum(n)
),
by_week_had as (
    select door from days_had semi join (from weeks_had where n >= 4) as long using (door)
    group by door having max(n) >= 0.95 * sum(n)
),
there as (
    select distinct had.sku, had.door, had.week from had
    semi join (select distinct sku, door, week from sent) as cells using (sku, door, week)
    anti join sent on sent.sku = had.sku and sent.door = had.door and sent.date = had.date
    where had.door in (from by_week_had) or had.door in (from by_week_sent)
)
select _row from sent
semi join there using (sku, door, week)
anti join (from had where door in (from by_week_had)) as same
    on same.sku = sent.sku and same.door = sent.door and same.date = sent.date
where coalesce(sent.units, 0) > 0

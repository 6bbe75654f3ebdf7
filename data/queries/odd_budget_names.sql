-- One row per class of the budget that no SKU has. subject: the class; example: a row of it and the
-- nearest class that there is. weight: units (of money alone: at the mean price).
with asked as (
    select class, count(*) as count, min(date) as date, arg_min(coalesce(units, value), date) as first,
        sum(coalesce(units, value / (select nullif(avg(unit_price), 0) from skus_now))) as units
    from budget_now
    where class is not null and class not in (select class from skus_now)
    group by class
),
near as (
    select asked.class, arg_min(known.class, damerau_levenshtein(lower(trim(asked.class)), lower(known.class))) as name,
        min(damerau_levenshtein(lower(trim(asked.class)), lower(known.class))) <= greatest(2, length(asked.class) / 3) as is_near
    from asked cross join (select distinct class from skus_now) as known
    group by asked.class
)
select asked.class as subject, asked.count,
    printf('%s on %s; %s', told_number(coalesce(asked.first, 0), 0), told_day(asked.date),
        case when near.is_near then 'did you mean ' || near.name || '?'
            when near.name is null then 'no SKU has a class yet'
            else 'the nearest class with SKUs is ' || near.name end) as example,
    coalesce(asked.units, 0) as weight, ['class/' || coalesce(near.name, '')] as touches
from asked left join near using (class)
order by weight desc, subject

-- One row per class with SKUs that cost more than their regular price, now or from an announced week on.
-- count: such SKUs; weight: what they sold in 13 weeks.
with this as (select coalesce(week, date '2100-01-03') as week from last_known),
costs as (select sku, week, value from term_from where term = 'unit_cost'),
moments as (
    select sku, this.week from skus_now, this
    union
    select costs.sku, costs.week from costs, this where costs.week > this.week
    union
    select sku, week_of(date) from prices_now, this where date >= this.week + 7
),
of_door as (
    select moments.sku, week, door, arg_max(regular_price, date) as regular_price
    from moments join prices_now on prices_now.sku = moments.sku and date < week + 7
    group by all
),
priced as (select sku, week, avg(regular_price) as price from of_door group by all),
costing as (
    select moments.sku, moments.week, costs.value
    from moments asof join costs on costs.sku = moments.sku and moments.week >= costs.week
),
each as (
    select moments.sku, moments.week, class, coalesce(costing.value, unit_cost) as cost,
        coalesce(priced.price, unit_price) as price
    from moments
    join skus_now on skus_now.sku = moments.sku
    left join priced on priced.sku = moments.sku and priced.week = moments.week
    left join costing on costing.sku = moments.sku and costing.week = moments.week
),
found as (
    select class, sku, arg_max(
        printf('%s: costs %s, sells for %s%s', sku, told_price(cost), told_price(price),
            case when each.week > this.week then ' from ' || told_day(each.week) else '' end),
        cost - price) as example, max(cost - price) as loss
    from each, this
    where cost > price
    group by class, sku
),
recent as (select sku, sum(units) as units from recent_units group by sku)
select class as subject, count(*) as count, arg_max(example, loss) as example,
    coalesce(sum(recent.units), 0) as weight, list('sku/' || found.sku) as touches
from found left join recent on recent.sku = found.sku
group by class
order by weight desc, subject

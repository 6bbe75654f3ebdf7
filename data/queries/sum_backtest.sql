-- Cells of the backtest in $rows, summed to origin, lag, class, door and promoted or not.
select origin_week::date as origin, (date_diff('day', origin_week, target_week) / 7)::int as lag,
    coalesce(sku_class.class, '(none)') as class, door, promoted, count(*) as cells,
    sum(units) as units, sum(forecast) as forecast,
    count(*) filter (units between p10 and p90) as inside,
    sum(abs(p50 - units)) as error_p50, sum(abs(naive - units)) as error_naive,
    sum(abs(mean13 - units)) as error_mean13
from read_parquet($rows) as cell
join (select sku, class from read_parquet($skus)) as sku_class using (sku)
group by all
order by all

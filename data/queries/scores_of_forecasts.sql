-- One row per quarter and member of the level $level, at the horizon $horizon. Order: quarter, member.
select * from forecast_scores(
    $horizon, $level, in_department := $in_department, in_class := $in_class, in_sku := $in_sku
)
order by quarter, member

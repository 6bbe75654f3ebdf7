-- One row per quarter and member of the level $level. Order: quarter, member.
select * from promotion_scores(
    $level, in_department := $in_department, in_class := $in_class, in_region := $in_region,
    in_door := $in_door, in_sku := $in_sku, in_type := $in_type,
    in_activation := $in_activation, least_in_stock := $least_in_stock,
    cover_weeks := $cover_weeks
)
order by quarter, member

-- One row per quarter and member of the level $level. Order: quarter, member.
select * from shelf_scores(
    $level, in_department := $in_department, in_class := $in_class, in_region := $in_region,
    in_door := $in_door, in_sku := $in_sku
)
order by quarter, member

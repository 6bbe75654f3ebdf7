-- One row per week. Order: week.
select * from week_scores(
    in_department := $in_department, in_class := $in_class, in_region := $in_region,
    in_door := $in_door
)
order by week

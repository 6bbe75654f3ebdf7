-- One row per published version, oldest first.
select version, cycle, as_of, first_week, run, made_at, person, digest from version order by version

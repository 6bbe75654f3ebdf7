-- The last complete replay.
select id, made_at, person, weeks_ahead, assumed from replay order by id desc limit 1

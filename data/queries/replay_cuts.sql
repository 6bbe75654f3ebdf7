-- One row per week of a smaller lift that would have been recommended in the replay $id.
select * exclude (id) from replay_cut where id = $id order by as_of, activation, sku, door, week

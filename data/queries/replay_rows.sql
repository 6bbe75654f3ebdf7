-- One row per activation, featured SKU, door and week of the replay $id.
select * exclude (id) from replay_row where id = $id order by as_of, activation, sku, door, week

-- One row per move that would have been recommended in the replay $id.
select * exclude (id) from replay_move where id = $id order by as_of, activation, sku, door, arrives

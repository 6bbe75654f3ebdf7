-- One row per event of a group; each parameter is a column of the group.
insert into event
select unnest($1::bigint[]), unnest($2::timestamp[]), unnest($3::varchar[]), unnest($4::varchar[]),
    unnest($5::varchar[]), unnest($6::varchar[]), unnest($7::varchar[]), unnest($8::varchar[]),
    unnest($9::double[]), unnest($10::varchar[]), unnest($11::varchar[]), unnest($12::varchar[]),
    unnest($13::bigint[]), unnest($14::varchar[])

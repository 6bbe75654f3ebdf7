-- One row per leaf delta of a group of events; each parameter is a column.
insert into leaf
select unnest($1::bigint[]), unnest($2::varchar[]), unnest($3::varchar[]), unnest($4::varchar[]),
    unnest($5::varchar[]), unnest($6::date[]), unnest($7::bigint[])

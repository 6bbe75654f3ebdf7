-- One row per move that the Bridge would have recommended in a replay, with what it would have
-- saved and what its giver would have lacked.
create table replay_move (
    id          bigint    not null,
    as_of       timestamp not null,
    activation  varchar   not null,
    sku         varchar   not null,
    door        varchar   not null,
    origin      varchar   not null,
    receipt     varchar   not null,
    units       double    not null,
    leaves      timestamp not null,
    arrives     timestamp not null,
    cost        double    not null,
    unit_margin double,
    saved       double    not null,
    lacked      double    not null
);

-- Complete replays: what the Bridge would have said in past weeks. The last one is shown.
create table replay (
    id          bigint    not null,
    made_at     timestamp not null,
    person      varchar   not null,
    weeks_ahead bigint    not null,
    assumed     varchar[] not null
);

-- One row per activation, featured SKU, door and week of a replay, with what then happened.
create table replay_row (
    id          bigint    not null,
    as_of       timestamp not null,
    activation  varchar   not null,
    sku         varchar   not null,
    door        varchar   not null,
    week        timestamp not null,
    flagged     boolean   not null,
    status      varchar   not null,
    p_stockout  double    not null,
    p_window    double    not null,
    units_short double    not null,
    stocked_out boolean,
    units_lost  double,
    unit_margin double
);

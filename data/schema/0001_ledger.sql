-- The ledger: one row per human decision, append only. No key and no index on purpose:
-- one writer thread numbers the events, and DuckDB's indexes cost more than they give here.
create table event (
    seq         bigint    not null,
    recorded_at timestamp not null,
    person      varchar   not null,
    function    varchar   not null,
    kind        varchar   not null,
    cycle       varchar   not null,
    scope       varchar,
    operation   varchar   not null,
    value       double,
    body        varchar   not null,
    reason      varchar   not null,
    note        varchar   not null,
    base        bigint    not null,
    client_id   varchar   not null
);

-- What an event did to demand, leaf by leaf, in thousandths of a unit.
create table leaf (
    seq        bigint  not null,
    input      varchar not null,
    activation varchar not null,
    sku        varchar not null,
    door       varchar not null,
    week       date    not null,
    delta      bigint  not null
);

-- Factors of every statistical run; the run is the event that announced it.
create table run_series (
    run   bigint not null,
    sku   varchar not null,
    door  varchar not null,
    level double not null,
    ranged_from date,
    ranged_to   date,
    log_lift float[] not null
);

create table run_sku (
    run   bigint  not null,
    sku   varchar not null,
    shape float[] not null,
    lift_sd float[] not null
);

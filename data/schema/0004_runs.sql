-- What a run knows of spillover: share of the series in its class at its door, log regular price
-- against its mean, and weeks of demand bought ahead of the three weeks after the as-of week.
alter table run_series add column share float;
alter table run_series add column log_regular float;
alter table run_series add column ahead float[];

-- Weeks of history that a run did not take as they were.
create table run_correction (
    run    bigint  not null,
    sku    varchar not null,
    door   varchar not null,
    week   date    not null,
    reason varchar not null,
    raw    float   not null,
    clean  float   not null
);

-- Backtests: what was asked and found; the cells summed to origin, lag, class, door.
create table backtest (
    id      bigint    not null,
    made_at timestamp not null,
    person  varchar   not null,
    body    varchar   not null
);

create table backtest_sum (
    id        bigint  not null,
    origin    date    not null,
    lag       integer not null,
    class     varchar not null,
    door      varchar not null,
    promoted  boolean not null,
    cells     bigint  not null,
    units     double  not null,
    forecast  double  not null,
    inside    bigint  not null,
    error_p50    double not null,
    error_naive  double not null,
    error_mean13 double not null
);

-- The lift library of a run: every past activation and SKU, units over its doors and weeks.
create table run_lift (
    run        bigint  not null,
    activation varchar not null,
    sku        varchar not null,
    doors      integer not null,
    first_week date    not null,
    baseline   double  not null,
    actual     double  not null,
    expected   double  not null,
    log_sd     double  not null,
    promised   double
);

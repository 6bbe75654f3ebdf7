-- One row per activation, featured SKU, door and week of which a replay would have expected less:
-- the share of the lift kept, the share of the week's demand that this takes, lost units that it would
-- have prevented, and units sold that it would have given up.
create table replay_cut (
    id          bigint    not null,
    as_of       timestamp not null,
    activation  varchar   not null,
    sku         varchar   not null,
    door        varchar   not null,
    week        timestamp not null,
    kept        double    not null,
    cut         double    not null,
    unit_margin double,
    prevented   double    not null,
    given_up    double    not null
);

-- What each past activation came to by a run: one row per activation and featured SKU, units of all
-- its doors and known weeks. base: would have been wanted without it; lift: wanted beyond that;
-- lost: wanted and not sold; taken: lost by other SKUs of the class to it; ahead: bought ahead of the
-- weeks after. It added lift - taken - ahead. variance: of that, what is the SKU's own; common: its
-- standard deviation that SKUs of a class share.
create table run_result (
    run        bigint  not null,
    activation varchar not null,
    sku        varchar not null,
    first_week date    not null,
    last_week  date    not null,
    base       double  not null,
    lift       double  not null,
    expected   double  not null,
    lost       double  not null,
    taken      double  not null,
    ahead      double  not null,
    variance   double  not null,
    common     double  not null
);

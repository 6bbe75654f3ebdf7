-- Published consensus versions; the version is the event that published it. Never altered.
create table version (
    version    bigint    not null,
    cycle      varchar   not null,
    as_of      date      not null,
    first_week date      not null,
    run        bigint    not null,
    digest     varchar   not null
);

-- Each SKU over all doors, week by week from the version's first week on, in thousandths of a
-- unit: every layer as it was published.
create table version_sku (
    version       bigint   not null,
    sku           varchar  not null,
    naive         bigint[] not null,
    statistical   bigint[] not null,
    marketing     bigint[] not null,
    merchandising bigint[] not null,
    planning      bigint[] not null,
    proposed      bigint[] not null,
    consensus     bigint[] not null
);

-- What the consensus of each SKU is the sum of.
create table version_part (
    version bigint   not null,
    sku     varchar  not null,
    kind    varchar  not null,
    name    varchar  not null,
    reason  varchar  not null,
    units   bigint[] not null
);

-- The consensus of each SKU at each door.
create table version_leaf (
    version bigint   not null,
    sku     varchar  not null,
    door    varchar  not null,
    units   bigint[] not null
);

-- One row per event, numbered from 1 without gaps; its leaves beside it, an element each.
-- `brings`: rows came with it that only the file has which wrote it.
create table if not exists concord.event (
    seq bigint primary key,
    recorded_at timestamp not null,
    person text not null,
    function text not null,
    kind text not null,
    cycle text not null,
    scope text,
    operation text not null,
    value double precision,
    body text not null,
    reason text not null,
    note text not null,
    base bigint not null,
    client_id text not null unique,
    input text not null,
    activation text not null,
    sku text[] not null,
    door text[] not null,
    week date[] not null,
    delta bigint[] not null,
    brings boolean not null
)

-- One row: which log it is, its last number, and whether it is in use, arriving or left.
create table if not exists concord.log (
    id text not null,
    head bigint not null,
    state text not null check (state in ('arriving', 'in use', 'left')),
    form integer not null,
    single boolean primary key default true check (single)
)

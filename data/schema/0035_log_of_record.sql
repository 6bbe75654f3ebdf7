-- Where the log of record is, if it is not this file: one row, or none. The file is then a copy
-- of that log, and whoever opens it as the log itself would begin a second history.
create table log_of_record (
    id    varchar   not null,
    place varchar   not null,
    since timestamp not null
);

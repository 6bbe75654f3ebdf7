-- One row: whether this session has the log now.
select pg_try_advisory_lock(%s, %s)

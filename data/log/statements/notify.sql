-- Told to whoever listens: the last number.
select pg_notify('concord', %s)

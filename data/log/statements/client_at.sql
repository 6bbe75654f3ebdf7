-- One row, or none: what the request of one event was called.
select client_id from concord.event where seq = %s

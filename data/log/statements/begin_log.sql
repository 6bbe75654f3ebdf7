-- The one row of a log that begins.
insert into concord.log (id, head, state, form) values (%s, %s, %s, %s)

-- No events any more.
delete from concord.event

-- No log any more.
delete from concord.log

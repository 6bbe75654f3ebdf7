-- One row: the last number.
select head from concord.log

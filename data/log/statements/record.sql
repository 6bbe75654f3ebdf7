-- One row, or none: which log it is.
select id, head, state, form from concord.log

-- One row: whether there are tables of a log.
select to_regclass('concord.log') is not null

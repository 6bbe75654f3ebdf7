-- Another state of a log: no row where it is another log by now.
update concord.log set state = %s where id = %s

-- The last number becomes another one: no row where it was not what it is taken for.
update concord.log set head = %s where head = %s and id = %s and state = 'in use'

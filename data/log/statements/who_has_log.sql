-- One row per session that has the log: who it is, and since when.
select activity.application_name, activity.backend_start at time zone 'UTC'
from pg_locks as held
join pg_stat_activity as activity using (pid)
where held.locktype = 'advisory' and held.granted and held.classid = %s and held.objid = %s
    and held.database = (select oid from pg_database where datname = current_database())

-- One row per run of a schedule, oldest first.
select run, schedule, due, begun, ended, state, told, mark
from schedule_run
order by begun, run

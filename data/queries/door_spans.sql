-- One row per door and span in which something is ranged there; a door without rows is not limited.
select distinct door, coalesce("from", date '1990-01-01') as since,
    coalesce("to", date '2100-12-31') as until
from ranging_now

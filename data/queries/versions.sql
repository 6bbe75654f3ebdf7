-- One row per published version, oldest first, with who published it and when.
select version.version, version.cycle, version.as_of, version.first_week, version.run,
    event.recorded_at as made_at, event.person, version.digest
from version join event on event.seq = version.version
order by version.version

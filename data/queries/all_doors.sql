-- One row per door, selling or not. Order: door.
select door, coalesce(name, door) as name, region, channel, coalesce(kind, 'store') as kind,
    transfer_weeks, transfer_cost
from doors_now
order by door

-- One row per door, selling or not: where it stands among the locations. Order: door.
select door, channel, region from doors_now order by door

-- One row per person and thing of the inbox that they have seen.
select person, thing, seen_at
from seen

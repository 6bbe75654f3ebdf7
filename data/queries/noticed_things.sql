-- One row per risk that stands, with the moment since which it does.
select thing, since
from noticed

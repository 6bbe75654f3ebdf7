-- One row per event since which other files count: an import, or one that was rolled back. Order: seq.
select seq from event where kind in ('import', 'rollback') order by seq

-- One row per event after a number with rows that only the file has which wrote it.
select seq, kind from concord.event where seq > %s and brings order by seq

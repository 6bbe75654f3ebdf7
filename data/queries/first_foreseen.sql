-- The first week that a published version foresaw; null where none was published. One row.
select min(first_week) as week from version

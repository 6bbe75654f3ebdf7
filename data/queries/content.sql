-- One row per table of the database with its number of rows. Order: name.
select table_name, estimated_size as n_rows
from duckdb_tables()
where database_name = current_database() and not internal
order by table_name

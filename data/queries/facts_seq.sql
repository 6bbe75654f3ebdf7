-- The last event that changed which facts are in force, 0 before the first.
select coalesce(max(seq), 0) as seq from event where kind in ('import', 'rollback')

-- Sequence numbers of the events that touched any leaf of the SKUs and weeks given.
select distinct seq from leaf
where sku in (select unnest($skus::varchar[])) and week between $first_week and $last_week
order by seq desc
limit 200

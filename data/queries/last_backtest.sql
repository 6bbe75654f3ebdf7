-- The last complete backtest: one row, or none.
select id, made_at, person, body from backtest order by id desc limit 1

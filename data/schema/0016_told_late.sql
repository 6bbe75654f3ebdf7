-- A replay also keeps what it could not foresee because it was entered too late: nothing was said of
-- its risk.
alter table replay_row alter column p_stockout drop not null;
alter table replay_row alter column p_window drop not null;
alter table replay_row alter column units_short drop not null;

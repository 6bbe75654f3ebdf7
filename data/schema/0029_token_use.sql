-- When a token was last used: one row per token. It decides nothing and changes often, so it is
-- not in the ledger.
create table token_use (
    token   varchar   not null,
    used_at timestamp not null
);

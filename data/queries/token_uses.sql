-- When each token was last used: one row per token.
select token, max(used_at) as used_at from token_use group by token

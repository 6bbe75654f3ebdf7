-- Who came in and went, who was refused, and what left the company: one row per time. It
-- decides nothing, and old rows go (data/audit.py), so it is not in the ledger.
create table audit (
    noted_at timestamp not null,
    kind     varchar   not null,
    person   varchar   not null,
    what     varchar   not null
);

-- What somebody has seen of their inbox: one row per person and thing. It decides nothing.
create table seen (
    person  varchar   not null,
    thing   varchar   not null,
    seen_at timestamp not null
);
-- Since when a risk stands that is worked out and entered by nobody: one row per risk.
create table noticed (
    thing varchar   not null,
    since timestamp not null
);
-- What became of a schedule each time: one row per run. One that has no end while nobody is
-- at it was cut short, since the row is written before the work begins.
create table schedule_run (
    run      varchar   not null,
    schedule varchar   not null,
    due      timestamp,
    begun    timestamp not null,
    ended    timestamp,
    state    varchar   not null,
    told     varchar   not null,
    mark     varchar   not null
);
-- How somebody wishes to be told of what needs them: one row per person. A person's address
-- stands here and not in the ledger, so that it can be forgotten.
create table word_wish (
    person   varchar   not null,
    body     varchar   not null,
    saved_at timestamp not null
);
-- What is to be sent, and what became of it: one row per message.
create table letter (
    letter   varchar   not null,
    person   varchar   not null,
    channel  varchar   not null,
    title    varchar   not null,
    body     varchar   not null,
    made_at  timestamp not null,
    tries    integer   not null,
    next_try timestamp,
    sent_at  timestamp,
    failed   varchar   not null
);

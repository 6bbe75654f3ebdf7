-- What a person has begun on a page and not said yet: one row per person and page. Nobody
-- else sees it, and it decides nothing.
create table draft (
    person   varchar   not null,
    page     varchar   not null,
    saved_at timestamp not null,
    body     varchar   not null
);

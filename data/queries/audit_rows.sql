-- One row per time that somebody came, went, was refused or took something away, of one person
-- ($person) and one $kind where they are stated, from $since on and before $until, the latest
-- first, $most of them.
select noted_at, kind, person, what
from audit
where (person = $person or $person is null)
    and (kind = $kind or $kind is null)
    and noted_at >= $since and noted_at < $until
order by noted_at desc, kind, person, what
limit $most

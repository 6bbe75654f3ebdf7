-- One row per version, SKU and week in which function $function's input differs from the
-- statistical number: the person who gave most of the difference. An undo counts for the person
-- of what it took back; what a new run made of a target or a per cent counts for nobody.
with undo as (
    select seq, (body ->> 'target')::bigint as target from event where kind = 'undo'
),
given as (
    select event.seq, coalesce(target.person, event.person) as person
    from event
    left join undo on undo.seq = event.seq
    left join event as target on target.seq = undo.target
    where event.kind <> 'resolve'
),
moved as (
    select version.version, leaf.sku, leaf.week, given.person, abs(sum(leaf.delta)) as size
    from version
    join leaf on leaf.seq <= version.version and leaf.week >= version.first_week
    join given on given.seq = leaf.seq
    where leaf.input = $function
    group by all
)
select version, sku, week, arg_max(person, (size, person)) as person
from moved
where size > 0
group by all

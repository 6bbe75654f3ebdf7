-- One row per version, SKU and week in which function $function's input differs from the
-- statistical number: the person who gave most of the difference. An undo counts for the person
-- of what it took back; what a new run made of a target or a per cent counts for nobody.
with moved as (
    select version.version, leaf.sku, leaf.week, given.person, abs(sum(leaf.delta)) as size
    from version
    join leaf on leaf.seq <= version.version and leaf.week >= version.first_week
    join given on given.seq = leaf.seq
    where leaf.input = $function and given.kind <> 'resolve'
    group by all
)
select version, sku, week, arg_max(person, (size, person)) as person
from moved
where size > 0
group by all

-- One row per SKU, class or supplier that rows of terms name and of which no SKU is such a one: a SKU
-- beside a class or supplier that is not its own, or a class that a supplier has nothing of. count: rows.
select concat_ws(', ', terms.sku, terms.class, terms.supplier) as subject, count(*) as count,
    printf('from %s on', told_day(min(date))) as example, 0 as weight,
    []::varchar[] as touches
from terms_now as terms
where not exists (
    from skus_now as skus
    where skus.sku = coalesce(terms.sku, skus.sku) and skus.class = coalesce(terms.class, skus.class)
        and coalesce(skus.supplier, '') = coalesce(terms.supplier, skus.supplier, '')
)
group by all
order by count desc, subject

-- What person $person has begun on page $page: one row or none.
select saved_at, body from draft where person = $person and page = $page

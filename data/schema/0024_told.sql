-- Numbers, days and prices within what is said of the data, between signs that no name from a file
-- can hold: forecasting/conventions.py writes them as the company does.
create macro told_number(x, digits) as chr(2) || 'n' || digits || ':' || x::double || chr(3);

create macro told_day(d) as chr(2) || 'd' || strftime(d, '%Y-%m-%d') || chr(3);

create macro told_price(x) as chr(2) || 'p:' || x::double || chr(3);

create macro told_figure(x) as chr(2) || 'g:' || x::double || chr(3)

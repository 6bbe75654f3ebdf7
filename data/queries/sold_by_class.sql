-- One row per class and week: units sold, net of returns. Order: class, week.
select class, week, sum(units) as units from class_week group by all order by class, week

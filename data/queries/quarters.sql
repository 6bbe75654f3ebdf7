-- One row per fiscal quarter in the sums. Order: quarter.
select quarter, first_week, last_week, weeks, is_whole from score_quarter order by quarter

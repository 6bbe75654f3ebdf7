-- What the scorecard was last summed from: one row, or none.
select made_at, seq, run, run_as_of, as_of, calendar from score_basis

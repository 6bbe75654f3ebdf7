-- One row per event, as text.
copy concord.event (
    seq, recorded_at, person, function, kind, cycle, scope, operation, value, body, reason, note,
    base, client_id, input, activation, sku, door, week, delta, brings
) from stdin

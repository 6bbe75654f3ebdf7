"""History to factors: what demand is without an activation, and what activations add."""

"""What people say: events, overrides, activations, the cycle, the proposal, its value."""

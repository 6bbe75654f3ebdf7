"""The weekly demand signal review: activations, what can still be done, decisions."""

"""What files mean: what looks odd in them, what was assumed, who accepted it."""

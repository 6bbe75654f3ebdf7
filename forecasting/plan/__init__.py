"""The live plan: factors, facts and what people enter, worked out to demand, stock and risk."""

"""The live plan: factors, facts and what people said, worked out to demand, stock and risk."""

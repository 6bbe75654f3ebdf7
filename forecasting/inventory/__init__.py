"""What demand does to stock: projection, risk, what moves it, what to order."""

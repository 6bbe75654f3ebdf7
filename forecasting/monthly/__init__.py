"""The monthly consensus: the cycle, the meeting, and the buy plan that follows from it."""

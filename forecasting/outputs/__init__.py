"""What leaves: packs, and the grid as a workbook that comes back."""

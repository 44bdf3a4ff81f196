"""What was decided stays so: looked for again, and done again after a back-up was restored."""

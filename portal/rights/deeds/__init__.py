"""What a delivery does in one system, and how it is read back."""

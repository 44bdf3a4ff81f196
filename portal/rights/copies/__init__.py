"""What is told of her data, and copies to take along (Art. 15 and 20 GDPR)."""

"""What the portal itself keeps: tables, the unit of work, and the vault that seals."""

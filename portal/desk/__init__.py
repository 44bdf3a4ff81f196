"""Wing 4: the operators, and what of the portal's work needs one of them."""

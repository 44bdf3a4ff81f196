"""The law and the language, without anything around them."""

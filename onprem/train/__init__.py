"""Text to learn from, and the learning: everything that makes the small models that ship with the toolkit."""

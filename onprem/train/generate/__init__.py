"""Invented documents with their identifiers marked, to learn from and to measure on."""

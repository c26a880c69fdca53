"""Policies: what a hospital decides about identifiers, and what carries it out on spans."""

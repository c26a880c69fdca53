"""The family of recipes for text: one file each, found by its `RECIPES`."""

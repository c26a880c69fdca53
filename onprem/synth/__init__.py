"""Synthetic data made on site: recipes, tables, packs. `onprem.evaluate.privacy` screens what was made."""

"""The release gate of synthetic data: whether what was made betrays whom it was made from."""

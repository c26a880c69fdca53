"""The only code that holds secrets: the root key, sealed stores, and each patient's random secret."""

"""The only code that holds secrets: the master key, sealed stores, and each patient's random secret."""

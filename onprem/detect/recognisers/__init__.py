"""Recognisers, one module per subject matter; each defines `RECOGNISERS`, a tuple of `detect.contract.Recogniser`."""

"""Field -> spans: what in a text identifies a person. Detectors work in union; see `ensemble` for their order."""

"""Bytes <-> records: one file per format; see `onprem.formats.contract` for the order of use and the rules."""

"""Evaluation: every number with an interval and a trivial baseline beside it."""

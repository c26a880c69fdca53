"""Ready-made questions to the audit log, one file each; `contract` says what they are."""

from onprem.audit.checks.contract import Check, checks

__all__ = ["Check", "checks"]

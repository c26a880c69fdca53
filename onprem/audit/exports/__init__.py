"""The forms in which events leave the audit log, one file each; `contract` says what they are."""

from onprem.audit.exports.contract import Export, exports

__all__ = ["Export", "exports"]

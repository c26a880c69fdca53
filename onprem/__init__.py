"""On-premises hospital toolkit; importing this package opens no file and no socket."""

__version__ = "0.1.0"

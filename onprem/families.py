"""The one way members of a family are found: every module in the family's folder that defines the family's attribute.

There are no entry points and no plugin loader: on a hospital host, code is what the signed bundle put there.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator


def modules(package: str) -> Iterator[str]:
    """Yield the dotted names of the modules directly in `package`, sorted, without importing them."""
    home = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(home.__path__), key=lambda item: item.name):
        if not info.name.startswith("_"):
            yield f"{package}.{info.name}"


def members(package: str, attribute: str) -> dict[str, object]:
    """Return {module name: value of `attribute`} for the modules of `package` that define it, in order of name."""
    found: dict[str, object] = {}
    for name in modules(package):
        module = importlib.import_module(name)
        if hasattr(module, attribute):
            found[name.rpartition(".")[2]] = getattr(module, attribute)
    return found

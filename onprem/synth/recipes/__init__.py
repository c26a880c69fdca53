"""The family of recipes for text: every module here that defines `RECIPES` adds its members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from onprem import families
from onprem.synth.contract import Recipe


def recipes() -> Mapping[str, Recipe]:
    """Return every recipe by its name, in order of name."""
    found = families.members("onprem.synth.recipes", "RECIPES").values()
    every = [recipe for members in found for recipe in cast(Sequence[Recipe], members)]
    return {recipe.name: recipe for recipe in sorted(every, key=lambda recipe: recipe.name)}

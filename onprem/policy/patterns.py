"""Bounds on regular expressions that a hospital writes: they must compile, say something, and never run away.

A pattern is refused by its structure (a repeat inside an unbounded repeat, or two neighbouring unbounded repeats that
share characters) because a backtracking matcher can take exponential or high polynomial time on those.
"""

from __future__ import annotations

import re

# The parser of the standard library: private by name, stable since 3.11, and the only source of the parsed structure.
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

Parsed: TypeAlias = Any  # the standard library publishes no types for parsed patterns

MAX_REPEAT = 1_000
_REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}


def _children(op: Parsed, argument: Parsed) -> list[Parsed]:
    """Return the sub-patterns of one parsed element."""
    if op in _REPEATS:
        return [argument[2]]
    if op is codes.ATOMIC_GROUP:
        return [argument]
    if op is codes.GROUPREF_EXISTS:
        return [part for part in argument[1:] if part is not None]
    at = {codes.SUBPATTERN: 3, codes.ASSERT: 1, codes.ASSERT_NOT: 1}.get(op)
    if op is codes.BRANCH:
        return list(argument[1])
    return [] if at is None else [argument[at]]


def _varies(argument: Parsed) -> bool:
    low, high, _ = argument
    return bool(high - low > 10)  # MAXREPEAT counts as infinite


def _has_varying(tree: Parsed) -> bool:
    return any(
        (op in _REPEATS and _varies(argument)) or any(_has_varying(child) for child in _children(op, argument))
        for op, argument in tree
    )


def _has_branch(tree: Parsed) -> bool:
    return any(
        op is codes.BRANCH or any(_has_branch(child) for child in _children(op, argument)) for op, argument in tree
    )


def _check_tree(tree: Parsed, *, inside: bool) -> None:
    """Refuse nested varying repeats, and alternation or optional parts under a varying repeat that can match empty."""
    for op, argument in tree:
        if op in _REPEATS:
            _, high, child = argument
            if high is not codes.MAXREPEAT and high > MAX_REPEAT:
                raise ValueError(f"a repeat above {MAX_REPEAT} is too long")
            if _varies(argument) and op is not codes.POSSESSIVE_REPEAT:
                if inside or _has_varying(child):
                    raise ValueError(
                        "a repeat inside an unbounded repeat can run away; bound the inner or the outer one"
                    )
                if child.getwidth()[0] == 0:
                    raise ValueError("a repeat of something that can be empty can run away")
                if _has_branch(child):
                    raise ValueError("an alternation inside an unbounded repeat can run away; use a character class")
            _check_tree(child, inside=inside or _varies(argument))
        else:
            for child in _children(op, argument):
                _check_tree(child, inside=inside)


def _count_unbounded(tree: Parsed) -> int:
    return sum(
        int(op in _REPEATS and argument[1] is codes.MAXREPEAT)
        + sum(_count_unbounded(child) for child in _children(op, argument))
        for op, argument in tree
    )


def check_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of a policy.

    Raises:
        ValueError: it does not compile, matches the empty text, or could take far more than linear time.
    """
    try:
        compiled = re.compile(pattern)
        tree = parser.parse(pattern)
    except re.error as error:
        raise ValueError(f"the pattern does not compile: {error.msg} at position {error.pos}") from None
    if tree.getwidth()[0] == 0:
        raise ValueError("the pattern matches the empty text")
    _check_tree(tree, inside=False)
    if _count_unbounded(tree) > 3:
        raise ValueError("more than three unbounded repeats can run away; bound them, as in {1,40}")
    return compiled

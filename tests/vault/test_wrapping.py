"""The sealed root: every passphrase opens what it sealed, nothing else does, and no byte of it can be changed."""

import json
import os
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from onprem.errors import SiteError, UsageError
from onprem.vault.wrapping import (
    COST,
    MAX_BYTES,
    MAX_PASSPHRASE,
    Cost,
    SealedRoot,
    normalised,
    parse,
    stretched,
    unwrap,
    wrap,
)

ROOT = os.urandom(32)
CHEAP = Cost(memory_kib=8, passes=1, lanes=1)  # the seal is the same, the guessing is not
WORDS = [b"mill stream under ice", b"nine green lanterns", "寒夜客来茶当酒寒夜客来".encode()]
passphrases = st.text(min_size=1, max_size=60)


def sealed(held, secrets, **header):
    cost = None if held == "key-file" else CHEAP
    return wrap(ROOT, secrets, SealedRoot(**({"held": held, "wrapping": 1, "epoch": 0, "cost": cost} | header)))


SEALED = {
    "key-file": (sealed("key-file", [b"k" * 32]), [[b"k" * 32]]),
    "passphrase": (sealed("passphrase", WORDS[:1]), [WORDS[:1]]),
    "two-of-three": (sealed("two-of-three", WORDS), [WORDS[:2], WORDS[1:], [WORDS[2], WORDS[0]]]),
}


@settings(deadline=None)
@given(passphrases)
def test_any_text_is_a_passphrase_and_opens_what_it_sealed(text):
    assert unwrap(parse(sealed("passphrase", [normalised(text)]).encode()), [normalised(text)]) == ROOT


@settings(deadline=None)
@given(passphrases)
def test_a_passphrase_is_the_same_however_a_keyboard_composes_it(text):
    made = sealed("passphrase", [normalised(unicodedata.normalize("NFC", text))])
    assert unwrap(made, [normalised(unicodedata.normalize("NFD", text))]) == ROOT


@settings(deadline=None)
@given(passphrases, passphrases)
def test_another_passphrase_opens_nothing(right, wrong):
    assume(unicodedata.normalize("NFC", right) != unicodedata.normalize("NFC", wrong))
    assert unwrap(sealed("passphrase", [normalised(right)]), [normalised(wrong)]) is None


def test_case_and_spaces_count():
    made = sealed("passphrase", [b"Nine green lanterns"])
    for near in (b"nine green lanterns", b"Nine green lanterns ", b" Nine green lanterns", b"Ninegreenlanterns"):
        assert unwrap(made, [near]) is None


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(SEALED)), st.data())
def test_no_byte_can_be_changed(held, data):
    made, ways = SEALED[held]
    content = bytearray(made.encode())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        read = parse(bytes(content))
    except SiteError as refused:
        assert refused.__cause__ is None
        return
    # a changed cost may ask for another amount of work, never for more than the bounds allow
    assert all(unwrap(read, way) is None for way in ways)


@pytest.mark.parametrize("key", ["epoch", "wrapping"])
def test_numbers_of_the_header_cannot_be_changed(key):
    for made, ways in SEALED.values():
        changed = json.loads(made.encode())
        changed[key] += 1
        read = parse(json.dumps(changed, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        assert all(unwrap(read, way) is None for way in ways)


def test_any_two_of_three_open_it_in_any_order_and_one_does_not():
    made, ways = SEALED["two-of-three"]
    for way in ways:
        assert unwrap(made, way) == unwrap(made, way[::-1]) == ROOT
    for word in WORDS:
        assert unwrap(made, [word]) is None
        assert unwrap(made, [word, word]) is None
        assert unwrap(made, [word, b"somebody else's words"]) is None


def test_two_holders_with_one_passphrase_are_refused():
    with pytest.raises(UsageError, match="the same"):
        sealed("two-of-three", [WORDS[0], WORDS[1], WORDS[0]])


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_another_number_of_holders_is_a_mistake(count):
    with pytest.raises(ValueError, match="number"):
        sealed("two-of-three", [bytes([65 + number]) * 12 for number in range(count)])


def test_ways_cannot_be_exchanged_between_slots():
    made, ways = SEALED["two-of-three"]
    changed = json.loads(made.encode())
    first, second, _ = changed["slots"]
    first["salt"], second["salt"] = second["salt"], first["salt"]
    first["sealed"], second["sealed"] = second["sealed"], first["sealed"]
    read = parse(json.dumps(changed, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    assert [unwrap(read, way) for way in ways] == [None, None, None]


@pytest.mark.parametrize(
    "change",
    [
        {"cost": {"lanes": 1, "memory_kib": 8, "passes": 10**9}},
        {"cost": {"lanes": 1, "memory_kib": 2**30, "passes": 1}},
        {"cost": {"lanes": 10**6, "memory_kib": 8, "passes": 1}},
        {"cost": None},
        {"held": "key-file"},
        {"held": "nobody"},
        {"v": 2},
        {"epoch": -1},
        {"epoch": True},
        {"wrapping": "1"},
        {"slots": []},
        {"mac": "00"},
        {"surprise": 1},
    ],
)
def test_unfit_content_is_refused_before_any_work_is_done(change):
    changed = json.loads(SEALED["passphrase"][0].encode()) | change
    with pytest.raises(SiteError, match="damaged"):
        parse(json.dumps(changed, sort_keys=True, separators=(",", ":")).encode() + b"\n")


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b"[" * 5_000, b"\xff" * 10, b" " * (MAX_BYTES + 1)])
def test_what_is_no_sealed_root_is_refused(content):
    with pytest.raises(SiteError):
        parse(content)


def test_a_second_form_of_the_same_content_is_refused():
    content = SEALED["passphrase"][0].encode()
    for other in (
        content[:-1],
        content + b"\n",
        content.replace(b":", b": ", 1),
        content.replace(b'"v"', b'"\\u0076"'),
    ):
        assert other != content
        with pytest.raises(SiteError):
            parse(other)


@pytest.mark.parametrize("bad", ["", "\ud800", "字" * (MAX_PASSPHRASE // 3 + 1)])
def test_what_cannot_be_a_passphrase_is_told_without_it(bad):
    with pytest.raises(UsageError) as caught:
        normalised(bad)
    assert not bad or bad not in caught.value.message + caught.value.hint


def test_salts_and_nonces_are_new_each_time():
    one, other = (sealed("two-of-three", WORDS) for _ in range(2))
    salts = [slot.salt for made in (one, other) for slot in made.slots]
    nonces = [slot.sealed[:24] for made in (one, other) for slot in made.slots]
    assert len(set(salts)) == len(set(nonces)) == 6


def test_a_pair_is_no_join_of_its_parts():
    salt = bytes(16)
    assert stretched([b"ab", b"c"], salt, CHEAP) != stretched([b"a", b"bc"], salt, CHEAP)
    assert stretched([b"ab", b"c"], salt, CHEAP) == stretched([b"c", b"ab"], salt, CHEAP)


def test_the_cost_is_that_of_the_standard():
    assert (COST.memory_kib, COST.passes, COST.lanes) == (64 * 1024, 3, 4)  # RFC 9106, section 4, second choice


def test_nothing_of_the_root_or_the_passphrases_stands_in_the_file():
    for made, ways in SEALED.values():
        content = made.encode()
        for secret in (ROOT, *(word for way in ways for word in way)):
            assert secret not in content and secret.hex().encode() not in content
        assert ROOT.hex() not in repr(made)

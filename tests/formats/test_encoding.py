"""Encodings are told apart, decoding loses no byte, and a file of several encodings is not read as one."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.errors import InputError, OutputError
from onprem.formats.encoding import (
    Encoding,
    UnreadableInput,
    detect,
    detect_file,
    holds_utf8_lines,
    is_binary,
    looks_gb18030,
)
from onprem.model import Reason

ZH = "姓名：欧阳娜娜，女，45岁。\n主诉：反复胸闷三天，加重一天。\n"
EN = "Seen by Dr. Lee on 3/5/2024.\nPlan: rest, fluids.\n"


@pytest.mark.parametrize(
    ("text", "codec", "expected"),
    [
        (EN, "ascii", ("utf-8", b"")),
        (ZH, "utf-8", ("utf-8", b"")),
        (ZH, "utf-8-sig", ("utf-8", b"\xef\xbb\xbf")),
        (ZH, "gb18030", ("gb18030", b"")),
        (ZH, "gbk", ("gb18030", b"")),
        ("张三 男", "gb18030", ("gb18030", b"")),
        ("朱镕基 WBC 7.2\n", "gb18030", ("gb18030", b"")),
        (EN, "utf-16", ("utf-16-le", b"\xff\xfe")),
        (EN, "utf-16-le", ("utf-16-le", b"")),
        (EN, "utf-16-be", ("utf-16-be", b"")),
        (ZH, "utf-16-le", ("utf-16-le", b"")),
        (ZH, "utf-16-be", ("utf-16-be", b"")),
    ],
)
def test_an_encoding_is_told(text: str, codec: str, expected: tuple[str, bytes]) -> None:
    found = detect(text.encode(codec), complete=True)
    assert found is not None
    assert (found.codec, found.mark) == expected


@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
def test_another_encoding_is_not_guessed(codec: str) -> None:
    assert detect("M. Lefèvre, née Müller, Zoë\n".encode(codec), complete=True) is None


def test_utf_32_and_big5_are_not_guessed() -> None:
    assert detect(EN.encode("utf-32"), complete=True) is None
    assert not looks_gb18030("姓名王小明診斷高血壓病歷號門診".encode("big5"))


def test_utf_8_read_as_gb18030_is_noticed() -> None:
    assert not looks_gb18030("患者今日入院。".encode())
    assert holds_utf8_lines(ZH.encode("gb18030") + ZH.encode())
    assert not holds_utf8_lines(ZH.encode("gb18030"))


def test_a_character_cut_by_the_end_of_the_head_is_forgiven() -> None:
    data = ZH.encode()
    for end in range(20, 40):
        assert detect(data[:end]) == Encoding("utf-8")
    for end in range(40, 60):
        assert detect(ZH.encode("gb18030")[:end]) == Encoding("gb18030")


def test_the_encoding_beyond_a_long_ascii_head_is_found(tmp_path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"ascii only line\n" * 20_000 + ZH.encode("gb18030"))
    assert detect_file(path) == Encoding("gb18030")


def test_a_cut_utf_16_file_is_refused(tmp_path) -> None:
    path = tmp_path / "cut.csv"
    path.write_bytes(b"\xff\xfe" + EN.encode("utf-16-le")[:-1])
    with pytest.raises(InputError):
        detect_file(path)


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "gb18030"]))
def test_decoding_keeps_every_byte(data: bytes, codec: str) -> None:
    encoding = Encoding(codec)
    text = encoding.decode(data)
    assert text.encode(codec, encoding.errors) == data
    assert encoding.length(text) == len(data)


@given(st.binary(max_size=200).map(lambda data: data[: len(data) // 2 * 2]))
def test_utf_16_keeps_lone_surrogates(data: bytes) -> None:
    encoding = Encoding("utf-16-le")
    assert encoding.encode(encoding.decode(data)) == data


def test_bytes_of_another_encoding_damage_their_record() -> None:
    assert Encoding("utf-8").damaged(Encoding("utf-8").decode("王小明".encode("gb18030")))
    assert not Encoding("utf-8").damaged("王小明")
    assert Encoding("gb18030").damaged(Encoding("gb18030").decode("患者今日".encode()))


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_what_cannot_be_encoded_is_an_error_without_the_text(codec: str) -> None:
    with pytest.raises(OutputError) as caught:
        Encoding(codec).encode("secret\udc80")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.7\n%abc", b"PK\x03\x04abc", b"\x00" * 128 + b"DICM" + b"abc", bytes(range(256)) * 4, b"\x1f\x8b\x08\x00"],
)
def test_binary_content_is_told(data: bytes) -> None:
    assert is_binary(data)


@pytest.mark.parametrize("text", [EN, ZH, "one \0 NUL in a longer line of text", "form\x0cfeed and \x1b[1mescape"])
def test_text_is_not_binary(text: str) -> None:
    assert not is_binary(text.encode())


def test_the_error_crosses_processes_with_its_reason() -> None:
    error = pickle.loads(pickle.dumps(UnreadableInput("message", hint="hint", reason=Reason.BINARY)))
    assert (error.message, error.hint, error.reason, error.exit_code) == ("message", "hint", Reason.BINARY, 3)

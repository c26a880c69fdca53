"""A checkpoint on paper reads back as the very text that was signed."""

import re
from html.parser import HTMLParser

import numpy
import pytest
import zxingcpp

from onprem.audit.checkpoint import cosign, sign
from onprem.config import Settings, Site
from onprem.report.checkpoint_page import qr_lines, render_checkpoint
from onprem.vault.keys import create_key


@pytest.fixture
def text(tmp_path):
    (tmp_path / "keys").mkdir()
    create_key(tmp_path / "keys" / "audit.key")
    signed = sign(Site(tmp_path, Settings()), 503_500, bytes(range(32)), "2026-11-26T08:15:00.000001Z")
    return cosign(cosign(signed, "grace", bytes(32)), "ada", bytes(range(32))).decode()


def decoded(modules, scale=4):
    """Read a matrix of dark (True) and light modules as a scanner does."""
    image = numpy.where(numpy.array(modules), 0, 255).astype(numpy.uint8).repeat(scale, 0).repeat(scale, 1)
    found = zxingcpp.read_barcodes(image)
    assert len(found) == 1
    return found[0].text


def drawn(svg):
    """Return the matrix of an SVG made of horizontal lines of modules."""
    width = int(re.search(r'width="(\d+)"', svg)[1]) // 4
    rows = [[False] * width for _ in range(width)]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", re.search(r' d="([^"]+)"', svg)[1]):
        values = [float(value) for value in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for column in range(int(x), int(x + values[0])):
                rows[int(y)][column] = True
            x += values[0]
    return rows


def test_the_printed_code_holds_the_signed_text(text):
    page = render_checkpoint(text, log="onprem.audit/0123456789abcdef", size=503_500, last="2026-11-26")
    (svg,) = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert decoded(drawn(svg)) == text


def test_the_code_on_a_terminal_holds_the_signed_text(text):
    lines = qr_lines(text)
    dark = {"█": (False, False), "▀": (False, True), "▄": (True, False), " ": (True, True)}
    rows = [[dark[mark][half] for mark in line] for line in lines for half in (0, 1)]
    assert decoded(rows) == text
    assert max(map(len, lines)) <= 100


def test_the_page_shows_the_text_as_it_is_and_fetches_nothing(text):
    class Reader(HTMLParser):
        inside, text = False, ""

        def handle_starttag(self, tag, attributes):
            self.inside = tag == "pre"
            assert not {name for name, _ in attributes} & {"src", "href", "onclick", "onload"}
            assert tag not in ("script", "link", "img", "iframe")

        def handle_data(self, data):
            self.text += data if self.inside else ""

        def handle_endtag(self, tag):
            self.inside = False

    reader = Reader()
    reader.feed(render_checkpoint(text, log="onprem.audit/0", size=1, last=""))
    assert reader.text == text

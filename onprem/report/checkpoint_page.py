"""A checkpoint on paper: a page to print, sign and file, with the text and a QR code that holds the same text.

A checkpoint holds the size and root of a log and signatures: no value of a record.
"""

from __future__ import annotations

import io

from onprem.report.page import Head, Html, page, paragraph, section, show, table

_BORDER = 4  # modules of white that a reader needs around the code: ISO/IEC 18004


def render_checkpoint(text: str, *, log: str, size: int, last: str) -> str:
    """Return the page of a signed checkpoint as one HTML document."""
    facts = (("log", log), ("lines", size), ("last event", last or "none"))
    return page(
        "Checkpoint of the audit log",
        "<header><h1>Checkpoint of the audit log</h1>",
        paragraph("Keep this page outside the system that it speaks of. It proves what the log held when it was made."),
        "</header><main>",
        section("What it says", table("what it says", (Head("fact"), Head("value")), facts)),
        section(
            "As text",
            f"<pre>{show(text)}</pre>",
            paragraph(
                "To compare the log with it: bring the text into a file, as it stands, by typing it or with any QR "
                "reader, then run: onprem audit verify --against FILE"
            ),
        ),
        section("As QR code", show(Html(qr_svg(text)))),
        section(
            "Signed and filed",
            table(
                "signatures of two people",
                (Head("person"), Head("date"), Head("signature")),
                (("responsible for the system", "", ""), ("compliance officer", "", "")),
            ),
        ),
        "</main>",
    )


def qr_svg(text: str) -> str:
    """Return the text's QR code as inline SVG."""
    import segno

    out = io.BytesIO()
    code = segno.make(text, error="m", micro=False, encoding="utf-8")
    code.save(out, kind="svg", border=_BORDER, scale=4, xmldecl=False, svgclass="qr", lineclass=None, omitsize=False)
    return out.getvalue().decode()


def qr_lines(text: str) -> list[str]:
    """Return the text's QR code for a terminal: two rows of modules in a line, dark modules as spaces.

    It reads on a dark as on a light terminal, because it carries its own white border and readers take either.
    """
    import segno

    code = segno.make(text, error="l", micro=False, encoding="utf-8")
    rows = [[bool(module) for module in row] for row in code.matrix_iter(border=_BORDER)]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    marks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    return [
        "".join(marks[pair] for pair in zip(*pairs, strict=True)) for pairs in zip(rows[::2], rows[1::2], strict=True)
    ]

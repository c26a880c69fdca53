"""Canaries: invented identifiers, inputs that hold them, and a search for them in everything a command leaves behind.

A canary is looked for as written and in the forms in which it could slip through: other case, digits only, without
spaces, other encodings, JSON and URL escapes, hexadecimal, base64 at each alignment, and as an unkeyed digest.
Used by the tests of this folder for every command: `run` it, then `assert_none`.
"""

import base64
import hashlib
import io
import os
import re
import subprocess
import sys
import urllib.parse
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import onprem

ROOT = Path(onprem.__file__).parents[1]

# Nobody's: invented names that no word list holds, numbers from ranges kept for fiction or with made-up regions.
CANARIES = (
    "Oswin Brambleworth",
    "Brambleworth",
    "Quillfeather-Addo",
    "QLF-44817234",
    "44817234",
    "(555) 014-2987",
    "oswin.b@brambleworth.example",
    "17 Thistledown Wynd",
    "512-84-7093",
    "上官若溪",
    "欧阳凌波",
    "110101199003078515",
    "13800549271",
    "ZY20240517-0093",
    "槐树胡同八十三号",
)


@dataclass(frozen=True)
class Hit:
    """A canary found: in which place, which one (by number, so that a report quotes nothing), in which form."""

    where: str
    canary: int
    form: str


@dataclass(frozen=True)
class Run:
    """What one command said and where it worked."""

    code: int
    out: bytes = field(repr=False)
    err: bytes = field(repr=False)
    temp: Path


def forms(value):
    """Return {name of the form: bytes to look for}; only forms too long to occur by chance."""
    texts = {"plain": value, "lower": value.lower(), "upper": value.upper(), "no spaces": re.sub(r"\s", "", value)}
    digits = re.sub(r"\D", "", value)
    if len(digits) >= 7:
        texts["digits"] = digits
    if not value.isascii():
        texts["json escape"] = "".join(f"\\u{ord(character):04x}" for character in value)
    texts["percent"] = urllib.parse.quote(value)
    found = {}
    for name, text in texts.items():
        found[name] = text.encode()
        found[f"{name} utf-16-le"] = text.encode("utf-16-le")
        found[f"{name} utf-16-be"] = text.encode("utf-16-be")
        found[f"{name} gb18030"] = text.encode("gb18030")
    raw = value.encode()
    found["hex"] = raw.hex().encode()
    for shift in range(3):  # base64 of a text that holds the canary after 0, 1 or 2 other bytes
        coded = base64.b64encode(b"\0" * shift + raw)
        found[f"base64 {shift}"] = coded[[0, 2, 3][shift] : len(coded) - 4]
    for number, text in enumerate(sorted({value, value.lower(), digits} - {""})):
        for digest in ("md5", "sha1", "sha256"):
            binary = hashlib.new(digest, text.encode()).digest()
            found[f"{digest} {number}"] = binary[:8]
            found[f"{digest} hex {number}"] = binary.hex()[:12].encode()
    return {name: form for name, form in found.items() if len(form) >= 6}


def search_bytes(where, content, canaries=CANARIES):
    """Return the hits in some bytes."""
    lowered = content.lower()
    hits = []
    for number, canary in enumerate(canaries):
        for name, form in forms(canary).items():
            folded = name.split()[0] in ("plain", "lower", "upper", "no", "json", "percent", "hex")
            if form in content or (folded and form.lower() in lowered):
                hits.append(Hit(where, number, name))
    return hits


def search_tree(folder, canaries=CANARIES):
    """Return the hits in names and contents of every file under `folder`; archives and Parquet files are opened."""
    hits = []
    for path in sorted(Path(folder).rglob("*")):
        where = str(path.relative_to(folder))
        hits += search_bytes(f"name of a file in {path.parent.name}", os.fsencode(path.name), canaries)
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        hits += search_bytes(where, content, canaries)
        for inner, unpacked in _unpacked(content):
            hits += search_bytes(f"{where}:{inner}", unpacked, canaries)
    return hits


def _unpacked(content):
    if content[:4] == b"PAR1":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(io.BytesIO(content))
        except pa.ArrowInvalid:  # a broken file was searched as it is
            return
        yield (
            "rows",
            "\n".join(str(value) for column in table.columns for value in column.to_pylist()).encode(
                "utf-8", "surrogatepass"
            ),
        )
        yield "schema", str(table.schema.to_string(show_schema_metadata=True, truncate_metadata=False)).encode()
    elif content[:2] == b"\x1f\x8b":
        import gzip

        yield "unpacked", gzip.decompress(content)
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)


def run(arguments, *, work, environment=None, program=("-m", "onprem")):
    """Run one command with its own folder for temporary files, `work`/temp, and no terminal."""
    temp = Path(work) / "temp"
    temp.mkdir(exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ONPREM_")}
    settings = {**kept, "TMPDIR": str(temp), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **(environment or {})}
    command = [sys.executable, *program, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, env=settings, stdin=subprocess.DEVNULL, timeout=600, check=False
    )
    return Run(done.returncode, done.stdout, done.stderr, temp)


def assert_none(done, *folders, canaries=CANARIES):
    """Fail if a canary is in what the command said, in its temporary files, or under one of the folders."""
    hits = search_bytes("stdout", done.out, canaries) + search_bytes("stderr", done.err, canaries)
    for folder in (done.temp, *folders):
        hits += search_tree(folder, canaries)
    assert not hits, f"{len(hits)} hits: {hits[:5]}"


NOTE_EN = """\
Patient: Oswin Brambleworth   MRN: QLF-44817234   SSN 512-84-7093
Seen by Dr. Quillfeather-Addo. Lives at 17 Thistledown Wynd; phone (555) 014-2987, oswin.b@brambleworth.example.
Brambleworth was started on metformin 500 mg for diabetes.
"""
NOTE_ZH = """\
姓名：上官若溪 身份证号：110101199003078515 住院号：ZY20240517-0093 联系电话：13800549271
现住址：槐树胡同八十三号。主治医师：欧阳凌波。患者因咳嗽三天入院，诊断为社区获得性肺炎。
"""


def write_good(folder):
    """Write readable inputs with canaries in every format; return the folder."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "note.txt").write_text(NOTE_EN, encoding="utf-8")
    (folder / "note_zh.txt").write_bytes(NOTE_ZH.encode("gb18030"))
    (folder / "notes.jsonl").write_text(
        f'{{"id": "1", "patient": "QLF-44817234", "text": {_quoted(NOTE_EN)}}}\n'
        f'{{"id": "2", "patient": "ZY20240517-0093", "text": {_quoted(NOTE_ZH)}}}\n',
        encoding="utf-8",
    )
    rows = (
        "姓名,身份证号,住院号,现住址,病程记录\n上官若溪,110101199003078515,ZY20240517-0093,槐树胡同八十三号,咳嗽三天\n"
    )
    (folder / "patients.csv").write_bytes(rows.encode("gb18030"))
    (folder / "patients_en.csv").write_text(
        "name,mrn,phone,note\r\nOswin Brambleworth,QLF-44817234,(555) 014-2987,Brambleworth feels well\r\n",
        encoding="utf-8",
    )
    columns = {"mrn": ["QLF-44817234"], "patient_name": ["Oswin Brambleworth"], "note": [NOTE_EN]}
    pq.write_table(pa.table(columns), folder / "notes.parquet")
    return folder


def write_broken(folder):
    """Write inputs that cannot be understood, with canaries in the places that error messages like to quote."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "Oswin Brambleworth"
    broken = {
        "empty.txt": b"",
        "binary.txt": b"\x7fELF\0\0\x01" + name.encode() + bytes(range(256)),
        "mixed.txt": name.encode() + "上官若溪".encode("gb18030") + "上官若溪".encode("utf-16-le") + b"\xff\xfe\x80",
        "broken.jsonl": f'{{"text": "{name}"\n{{"text": 5, "{name}": 1}}\n[{name}]\n{{"text": "a"}} {name}\n'.encode(),
        "surrogate.jsonl": b'{"text": "Oswin Brambleworth \\ud800", "id": "QLF-44817234"}\n',
        "ragged.csv": f"name,mrn\n{name},QLF-44817234,512-84-7093\n{name}\n".encode(),
        "quotes.csv": f'name,mrn\n"{name},QLF-44817234\n'.encode(),
        "doubled.csv": f"name,name\n{name},QLF-44817234\n".encode(),
        "no_header.csv": f"{name},QLF-44817234\n".encode(),
        "header.csv": f"{name},QLF-44817234\nx,y\n".encode(),
        "nul.csv": f"name,mrn\n{name}\0,QLF-44817234\n".encode(),
        "broken.parquet": b"PAR1" + name.encode() + b"PAR2",
        "no_parquet.parquet": f"{name}\n".encode(),
        "unknown.xyz": f"{name} QLF-44817234\n".encode(),
    }
    for file, content in broken.items():
        (folder / file).write_bytes(content)
    return folder


def _quoted(text):
    import json

    return json.dumps(text, ensure_ascii=False)

"""The pictures of the screens in the documentation are what the screens show.

`ONPREM_DRAW=1 python -m pytest tests/review/test_pictures.py` draws them anew; look at them then.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from audit_world import REVIEWER, History, Screen, invented, make_site

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))

from doubtful_world import World

import onprem
from onprem.cli.audit_query import limits_of
from onprem.policy.access import load_access
from onprem.review.audit_app import AuditApp
from onprem.review.audit_desk import Desk
from onprem.review.judging import Judging
from onprem.review.ledger import Ledger, Under
from onprem.review.run_app import RunApp

PICTURES = Path(onprem.__file__).parents[1] / "docs" / "pictures"
HASH = re.compile(r"(?<![0-9a-z])[0-9a-f]{4}(?: [0-9a-f]{4})+")  # of a log that names the version of the program


def drawn(app, keys, size):
    """Return the picture of a screen after some keys."""

    async def play():
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            for key in keys:
                await pilot.press(key)
                await app.workers.wait_for_complete()
                await pilot.pause()
            return app.export_screenshot()

    return asyncio.run(play())


def compare(name, picture):
    path = PICTURES / name
    if os.environ.get("ONPREM_DRAW"):
        path.write_text(picture, encoding="utf-8")
    kept, now = (HASH.sub("", Screen(svg).text) for svg in (path.read_text(encoding="utf-8"), picture))
    assert kept == now
    assert len(now) > 400  # a screen full of words


@pytest.fixture
def desk(tmp_path, monkeypatch):
    for module in ("onprem.audit.log", "onprem.audit.signoff"):
        monkeypatch.setattr(f"{module}.actor", lambda: REVIEWER)
    site = make_site(tmp_path / "site")
    History(site).write(invented())
    access = load_access(site.folder("policies"))
    with Desk(site, access, REVIEWER, limits=limits_of(access)) as opened:
        yield opened


def test_review_of_the_log(desk):
    compare("review-audit.svg", drawn(AuditApp(desk), [*["down"] * 4, "space"], (100, 30)))


def test_ready_made_question(desk):
    compare("review-question.svg", drawn(AuditApp(desk), ["7"], (100, 30)))


def test_review_of_a_run(tmp_path, monkeypatch):
    world = World(tmp_path, monkeypatch)
    world.deid()
    with world.queue() as queue:
        ledger = Ledger(world.site, tmp_path / "decided.jsonl", queue.keys, Under("reviewer", "a" * 64, "b" * 64))
        compare("review-run.svg", drawn(RunApp(Judging(queue, ledger, by="ada")), ["n"], (80, 24)))

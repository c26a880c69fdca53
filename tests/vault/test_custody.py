"""Who holds the root: every change keeps the root, and one that is killed at any point leaves a site that opens."""

import multiprocessing
import os
import signal
import stat

import pytest

from onprem.cli.init import make_site
from onprem.errors import ResourceError, SiteError, UsageError
from onprem.vault import custody
from onprem.vault.custody import Holding
from onprem.vault.keys import read_key
from onprem.vault.subjects import Subjects
from onprem.vault.wrapping import Cost

CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
OLD = ("mill stream under ice", "nine green lanterns", "寒夜客来茶当酒")
NEW = ("a kettle of old rain", "forty blue ladders", "竹炉汤沸火初红")
HOLDINGS = {
    "key-file": lambda words: Holding("key-file"),
    "passphrase": lambda words: Holding("passphrase", words[:1], CHEAP),
    "two-of-three": lambda words: Holding("two-of-three", words, CHEAP),
}


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Begin without an opened vault, as a new process does."""
    monkeypatch.setattr(custody, "_opened", {})
    monkeypatch.setattr(custody, "_openers", [])


@pytest.fixture
def site(tmp_path):
    return make_site(tmp_path / "site")


def forget():
    custody._opened.clear()


def answers(*words):
    given = iter(words)
    return lambda label: next(given)


def opens(site, words):
    """Open the site in a fresh process, as its file says; None where these words do not open it."""
    forget()
    held = custody.status(site).held
    if held == "key-file":
        return custody.root(site)
    needed = words[:1] if held == "passphrase" else words[1:]
    return custody.root(site) if custody.unlock(site, answers(*needed)) else None


def keys(site):
    return sorted(path.name for path in site.folder("keys").iterdir())


def test_a_new_site_is_held_by_a_plain_key_file(site):
    assert custody.root(site) == read_key(site.folder("keys") / "master.key")
    assert custody.status(site).plain
    assert custody.epoch(site) == 0
    assert custody.lend(site) is None
    assert not custody.locked(site)


@pytest.mark.parametrize("first", HOLDINGS)
@pytest.mark.parametrize("second", HOLDINGS)
def test_every_change_keeps_the_root_and_removes_what_opened_it_before(site, first, second):
    before = custody.root(site)
    custody.change(site, HOLDINGS[first](OLD))
    assert "master.key" not in keys(site)
    assert opens(site, OLD) == before
    status = custody.change(site, HOLDINGS[second](NEW))
    assert opens(site, NEW) == before
    assert (status.held, status.wrapping, status.epoch, status.leftovers) == (second, 2, 0, 0)
    expected = ["audit.key", *(["root-000002.key"] if second == "key-file" else []), "root.sealed"]
    assert keys(site) == expected
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in site.folder("keys").iterdir())


@pytest.mark.parametrize("held", ["passphrase", "two-of-three"])
def test_old_passphrases_do_not_open_the_new_wrapping(site, held):
    custody.change(site, HOLDINGS[held](OLD))
    custody.change(site, HOLDINGS[held](NEW))
    assert opens(site, OLD) is None
    assert opens(site, NEW) is not None


@pytest.mark.parametrize("held", ["passphrase", "two-of-three"])
def test_a_locked_vault_says_so_and_how_to_open_it(site, held):
    custody.change(site, HOLDINGS[held](OLD))
    forget()
    assert custody.locked(site)
    for use in (custody.root, custody.epoch, custody.lend, Subjects.open):
        with pytest.raises(SiteError, match="the vault is locked") as caught:
            use(site)
        assert "--passphrase-fd" in caught.value.hint
    assert custody.status(site).held == held  # asks for nothing


def test_a_wrong_passphrase_leaves_the_vault_locked(site):
    custody.change(site, HOLDINGS["passphrase"](OLD))
    forget()
    assert not custody.unlock(site, answers("nine green lanterns"))
    assert custody.locked(site)


def test_the_program_is_asked_once_when_the_root_is_first_needed(site):
    custody.change(site, HOLDINGS["passphrase"](OLD))
    forget()
    asked = []

    def opener(asking):
        asked.append(asking.root)
        assert custody.unlock(asking, answers(OLD[0]))

    custody.open_by(opener)
    assert custody.root(site) == custody.root(site)
    assert asked == [site.root]


def test_what_is_lent_opens_the_vault_of_a_worker(site):
    custody.change(site, HOLDINGS["two-of-three"](OLD))
    lent = custody.lend(site)
    forget()
    custody.take(site.root, lent)
    assert custody.root(site) == lent
    custody.take(site.root, None)
    assert custody.root(site) == lent


def test_a_sealed_root_of_another_site_is_not_taken_for_this_one(site, tmp_path):
    other = make_site(tmp_path / "other")
    custody.change(site, HOLDINGS["passphrase"](OLD))
    custody.change(other, HOLDINGS["passphrase"](NEW))
    (site.folder("keys") / "root.sealed").write_bytes((other.folder("keys") / "root.sealed").read_bytes())
    with pytest.raises(SiteError, match="was changed"):
        custody.root(site)


def test_a_new_epoch_is_counted_and_bound_to_the_root(site):
    assert custody.change(site, Holding("key-file"), new_epoch=True).epoch == 1
    assert custody.change(site, Holding("key-file")).epoch == 1
    assert custody.change(site, Holding("key-file"), new_epoch=True).epoch == custody.epoch(site) == 2
    sealed = site.folder("keys") / "root.sealed"
    sealed.write_bytes(sealed.read_bytes().replace(b'"epoch":2', b'"epoch":0'))
    with pytest.raises(SiteError, match="does not open"):
        custody.epoch(site)


@pytest.mark.parametrize("damage", ["missing", "link", "open", "folder", "long", "pipe"])
def test_an_unsafe_sealed_root_is_refused(site, tmp_path, damage):
    custody.change(site, HOLDINGS["passphrase"](OLD))
    path = site.folder("keys") / "root.sealed"
    content = path.read_bytes()
    if damage == "open":
        path.chmod(0o640)
    else:
        path.unlink()
    if damage == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        path.symlink_to(tmp_path / "elsewhere")
    elif damage == "folder":
        path.mkdir(mode=0o700)
    elif damage == "pipe":
        os.mkfifo(path, 0o600)
    elif damage == "long":
        path.write_bytes(content + b" " * 10_000)
        path.chmod(0o600)
    with pytest.raises(SiteError):
        custody.root(site)
    with pytest.raises(SiteError):
        custody.status(site)


def test_two_holders_of_one_passphrase_change_nothing(site):
    before = custody.root(site)
    with pytest.raises(UsageError):
        custody.change(site, Holding("two-of-three", (OLD[0], OLD[1], OLD[0]), CHEAP))
    assert custody.root(site) == before
    assert keys(site) == ["audit.key", "master.key"]


def test_a_half_made_site_with_a_sealed_root_gets_no_second_root(site):
    custody.change(site, HOLDINGS["passphrase"](OLD))
    (site.root / "onprem.toml").unlink()
    make_site(site.root)
    assert keys(site) == ["audit.key", "root.sealed"]


def test_a_full_disk_changes_nothing(site, monkeypatch):
    before = custody.root(site)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SiteError, match="cannot be written"):
        custody.change(site, HOLDINGS["passphrase"](OLD))
    monkeypatch.undo()
    assert custody.root(site) == before


def test_a_wrapping_that_does_not_open_never_takes_its_place(site, monkeypatch):
    before = custody.root(site)
    monkeypatch.setattr(custody, "wrap", lambda root, secrets, plain: wrap_another(secrets, plain))

    def wrap_another(secrets, plain):
        from onprem.vault.wrapping import wrap

        return wrap(b"x" * 32, secrets, plain)

    with pytest.raises(SiteError, match="does not open"):
        custody.change(site, HOLDINGS["passphrase"](OLD))
    monkeypatch.undo()
    assert custody.root(site) == before
    assert "master.key" in keys(site)


STEPS = ("fsync", "rename", "unlink", "write")


def change_and_die(site, held, step, after, words):
    """Change how the site is held; be killed at a numbered step, before it or right after it."""
    count = 0

    def counted(real):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            if count == step and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            here = count
            try:
                return real(*arguments, **options)
            finally:
                if here == step and after:
                    os.kill(os.getpid(), signal.SIGKILL)

        return call

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
    custody.change(site, HOLDINGS[held](words), new_epoch=True)


@pytest.mark.parametrize("first", ["plain", *HOLDINGS])
@pytest.mark.parametrize("second", HOLDINGS)
def test_a_change_that_is_killed_at_any_step_leaves_a_site_that_opens(tmp_path, first, second):
    context = multiprocessing.get_context("fork")
    killed = 0
    for step in range(1, 40):
        for after in (False, True):
            site = make_site(tmp_path / f"site-{step}-{after}")
            if first != "plain":
                custody.change(site, HOLDINGS[first](OLD))
            root = custody.root(site)
            child = context.Process(target=change_and_die, args=(site, second, step, after, NEW))
            child.start()
            child.join(60)
            words = NEW if custody.status(site).epoch else OLD
            assert opens(site, words) == root, (step, after)
            custody.tidy(site)
            assert custody.status(site).leftovers == 0
            assert opens(site, words) == root, (step, after)
            custody.change(site, HOLDINGS["passphrase"](("the one after that",)))
            assert opens(site, ("the one after that",)) == root
            assert keys(site) == ["audit.key", "root.sealed"]
            killed += child.exitcode == -signal.SIGKILL
        if child.exitcode == 0:
            break
    assert child.exitcode == 0  # the last one had fewer steps than that
    assert killed >= 8  # before and after: unlink, fsync, rename, fsync


def test_runs_share_the_vault_and_a_shredding_waits_for_them(site):
    busy = pytest.raises(ResourceError, match="a run is going on")
    with custody.at_work(site), custody.at_work(site), busy, custody.at_rest(site):
        pass
    with custody.at_rest(site), pytest.raises(ResourceError, match="being shredded"), custody.at_work(site):
        pass
    with custody.at_work(site):
        pass

"""No canary leaves: `deid` and `verify` on good and broken input, then a search of everything they leave behind."""

import pytest
from canaries import assert_none, run, write_broken, write_good


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    assert run(["init", "--site", folder], work=tmp_path).code == 0
    return folder


@pytest.mark.parametrize("policy", ["hipaa-safe-harbor", "hipaa-expert", "cn-pipl-anonymise", "dev-surrogate"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_good_input_leaves_no_canary(site, tmp_path, policy, jobs):
    source = write_good(tmp_path / "input")
    out, more = tmp_path / "out", tmp_path / "more"
    extra = ["--spans", more / "spans.jsonl", "--report", more / "report.html", "--jobs", jobs]
    done = run(["deid", source, "--out", out, "--site", site, "--policy", policy, *extra], work=tmp_path)
    assert done.code in (0, 1), done.err
    assert any(out.rglob("*.txt"))
    assert_none(done, site, out, more)


@pytest.mark.parametrize("flags", [[], ["--json"], ["--dry-run"], ["--lang", "en"]])
def test_broken_input_leaves_no_canary(site, tmp_path, flags):
    source = write_broken(tmp_path / "input")
    out = tmp_path / "out"
    done = run(["deid", source, "--out", out, "--site", site, *flags], work=tmp_path)
    assert done.code in (0, 1, 3), done.err
    out.mkdir(exist_ok=True)
    assert_none(done, site, out)


def test_each_broken_file_alone_leaves_no_canary(site, tmp_path):
    for path in sorted(write_broken(tmp_path / "input").iterdir()):
        out = tmp_path / "out" / path.name
        done = run(["deid", path, "--out", out, "--site", site], work=tmp_path)
        assert done.code in (0, 1, 3), (path.name, done.err)
        out.mkdir(exist_ok=True, parents=True)
        assert_none(done, site, out)


def test_verify_names_no_value(site, tmp_path):
    source = write_good(tmp_path / "input")
    done = run(["verify", source, "--against", source, "--site", site], work=tmp_path)
    assert done.code == 1
    assert_none(done, site)

"""Swap areas and Yama are read rightly, on invented machines; what cannot be found out counts as unsafe."""

import os

import pytest

from onprem.security import host

HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


@pytest.fixture
def machine(tmp_path):
    proc, sys = tmp_path / "proc", tmp_path / "sys"
    proc.mkdir()
    (proc / "swaps").write_text(HEAD)

    def block(name, *, uuid="", below=(), backing=""):
        folder = sys / "class" / "block" / name
        (folder / "slaves").mkdir(parents=True)
        if uuid:
            (folder / "dm").mkdir()
            (folder / "dm" / "uuid").write_text(uuid + "\n")
        if backing:
            (folder / "backing_dev").write_text(backing + "\n")
        for item in below:
            (folder / "slaves" / item).symlink_to(sys / "class" / "block" / item)

    def swap(*rows):
        (proc / "swaps").write_text(HEAD + "".join(f"{name} {kind} 1000 0 -2\n" for name, kind in rows))
        return host.plain_swap(proc, sys)

    return block, swap, proc, sys


def test_no_swap_is_safe(machine):
    _, swap, _, _ = machine
    assert swap() == []


def test_plain_partition_is_told(machine):
    block, swap, _, _ = machine
    block("sda2")
    assert swap(("/dev/sda2", "partition")) == ["/dev/sda2"]


def test_encrypted_partition_and_volumes_on_encrypted_disks_are_safe(machine):
    block, swap, _, _ = machine
    block("sda2")
    block("dm-0", uuid="CRYPT-PLAIN-swap", below=["sda2"])
    block("dm-1", uuid="LVM-abc", below=["dm-0"])
    assert swap(("/dev/dm-0", "partition"), ("/dev/dm-1", "partition")) == []


def test_volume_that_lies_on_a_plain_disk_in_part_is_told(machine):
    block, swap, _, _ = machine
    block("sda2")
    block("sdb1")
    block("dm-0", uuid="CRYPT-LUKS2-x", below=["sda2"])
    block("dm-1", uuid="LVM-abc", below=["dm-0", "sdb1"])
    assert swap(("/dev/dm-1", "partition")) == ["/dev/dm-1"]


def test_compressed_memory_is_safe_unless_it_is_written_back(machine):
    block, swap, _, _ = machine
    block("zram0", backing="none")
    block("zram1", backing="/dev/sda3")
    assert swap(("/dev/zram0", "partition"), ("/dev/zram1", "partition")) == ["/dev/zram1"]


def test_swap_file_follows_the_disk_it_lies_on(machine, tmp_path):
    _, swap, _, sys = machine
    file = tmp_path / "swap file"
    file.touch()
    name = str(file).replace(" ", "\\040")
    assert swap((name, "file")) == [name]  # nothing is known of the disk
    device = file.stat().st_dev
    folder = sys / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}" / "dm"
    folder.mkdir(parents=True)
    (folder / "uuid").write_text("CRYPT-LUKS2-x\n")
    assert swap((name, "file")) == []
    assert swap(("/no/such/file", "file")) == ["/no/such/file"]


def test_scope_of_tracing_is_read_and_none_without_yama(machine):
    _, _, proc, _ = machine
    assert host.ptrace_scope(proc) is None
    yama = proc / "sys" / "kernel" / "yama"
    yama.mkdir(parents=True)
    (yama / "ptrace_scope").write_text("1\n")
    assert host.ptrace_scope(proc) == 1
    (yama / "ptrace_scope").write_text("?\n")
    assert host.ptrace_scope(proc) is None

"""`onprem chat` as a person meets it at a terminal, and another program through a pipe; with the small real model."""

import io
import json
import re
import signal
import sys

import pytest
from model_world import CTRL_C, CTRL_D, World

from onprem.assist.conversation import Conversation
from onprem.assist.session import Session
from onprem.cli.chat_screen import Terminal, by_lines
from onprem.llm.scripted import Scripted

CHAT = ("chat", "--threads", "1")  # threads that wait for each other are slow where others compute too
ONE = (*CHAT, "--max-tokens", "12")


@pytest.fixture(scope="module")
def world(smollm2, tmp_path_factory):
    made = World(tmp_path_factory.mktemp("chat"), smollm2)
    (made.folder / "ward.txt").write_text("The ward has nine beds.\n", encoding="utf-8")
    (made.folder / "binary.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (made.folder / "long.txt").write_text("bed " * 20_000, encoding="utf-8")
    return made


def test_a_conversation_from_its_header_to_its_transcript(world):
    with world.at_terminal(*CHAT, "--save", "--max-tokens", "400") as terminal:
        terminal.wait("no clinical claim; /help for help, /quit or Ctrl-D to end\nyou> ")
        terminal.press("/help\n")
        terminal.wait("/file PATH")
        terminal.wait("you> ")
        terminal.press("Good morning, I am Ngozi Okafor, MRN 40017733.\n")
        terminal.wait("I am [NAME Ngozi Okafor], MRN [RECORD_NUMBER 40017733].\n")  # marked before it is answered
        terminal.wait("you> ")
        terminal.press("/file ward.txt\n")
        terminal.wait("goes before your next message: ward.txt, 24 characters\n")
        terminal.wait("you> ")
        terminal.press("How many beds?\\\n")
        terminal.wait("... ")
        terminal.press("Answer in a word.\n")
        terminal.wait("you> ")
        terminal.press("/reset\n")
        terminal.wait("the model has forgotten what was said\n")
        terminal.wait("you> ")
        terminal.press("Write a long story of a river.\n")
        terminal.wait("river.\n")
        terminal.wait_for_more(40)
        terminal.press(CTRL_C)
        terminal.wait("stopped; what was said is kept\n")
        terminal.wait("you> ")
        terminal.press("Say good night.\n")  # the program goes on
        terminal.wait("you> ")
        terminal.press("/quit\n")
        assert terminal.ended() == 0
        screen = terminal.screen
    assert screen.count("no clinical claim") == 1
    event = world.events("chat")[-1]
    counts = event["counts"]
    assert (event["outcome"], counts["turns"], counts["stopped"], counts["saved"]) == ("done", 4, 1, 1)
    assert counts["identifiers.asked"] >= 2
    assert counts["tokens"] > 10
    assert re.fullmatch("[0-9a-f]{64}", event["digests"]["model"])
    assert not [word for word in ("Ngozi", "Okafor", "40017733", "beds", "river") if word in world.log()]

    name = re.search(r"--show (\S+)", screen)[1]
    assert world.run("chat", "--list", check=0).stdout.splitlines()[1].split("\t")[0] == name
    shown = world.run("chat", "--show", name, check=0).stdout
    assert "you> Good morning, I am Ngozi Okafor, MRN 40017733." in shown
    assert (
        "File ward.txt:\nThe ward has nine beds.\nEnd of file ward.txt.\n\nHow many beds?\nAnswer in a word." in shown
    )
    assert "[cancelled]" in shown
    kept = json.loads(world.run("chat", "--show", name, "--json", check=0).stdout)
    assert [turn["shown_from"] for turn in kept["turns"]] == [0, 0, 2, 2]
    assert [turn["ended"] for turn in kept["turns"]].count("cancelled") == 1
    assert world.events("chat.show")[-1]["counts"] == {"turns": 4}
    sealed = (world.site / "transcripts" / f"{name}.sealed").read_bytes()
    assert b"Ngozi" not in sealed and b"river" not in sealed


def test_what_is_refused_is_said_and_the_chat_goes_on(world):
    with world.at_terminal(*ONE) as terminal:
        for typed, said in (
            ("/halp", "there is no such command"),
            ("/file", "no file is named"),
            ("/file nowhere.txt", "the file is not taken: an input does not exist"),
            ("/file binary.txt", "the file is not taken: binary content"),
            ("/file /etc/shadow", "the file is not taken"),
        ):
            terminal.wait("you> ")
            terminal.press(f"{typed}\n")
            terminal.wait(said)
        terminal.wait("you> ")
        terminal.press("/file long.txt\n")
        terminal.wait("80,000 characters")
        terminal.wait("you> ")
        terminal.press("Sum up.\n")
        terminal.wait("the message does not fit: the model takes 4,084 tokens, and 12 for its answer")
        terminal.wait("its 1 file(s) are dropped")
        terminal.wait("you> ")
        terminal.press("what was begun\\\n")
        terminal.wait("... ")
        terminal.send(signal.SIGINT)
        terminal.wait("to end: /quit or Ctrl-D")
        terminal.wait("you> ")
        terminal.press(CTRL_D)
        assert terminal.ended() == 0
    event = world.events("chat")[-1]
    assert (event["outcome"], event["counts"]["turns"], event["counts"]["saved"]) == ("done", 0, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_chat_that_is_ended_from_outside_is_counted_and_kept(world, number):
    before = len(list((world.site / "transcripts").glob("*.sealed")))
    with world.at_terminal(*ONE, "--save") as terminal:
        terminal.wait("you> ")
        terminal.press("Say hello.\n")
        terminal.wait("you> ")
        terminal.send(number)
        assert terminal.ended() == 130
    event = world.events("chat")[-1]
    assert (event["outcome"], event["counts"]["turns"], event["counts"]["saved"]) == ("interrupted", 1, 1)
    assert len(list((world.site / "transcripts").glob("*.sealed"))) == before + 1


def test_a_second_interrupt_while_an_answer_does_not_stop_ends_the_chat():
    class Stubborn:
        cancelled = 0

        def cancel(self):
            self.cancelled += 1

    terminal = Terminal(Scripted(str), None)
    terminal._writing = Stubborn()
    terminal._interrupted(signal.SIGINT, None)
    assert terminal._writing.cancelled == 1
    with pytest.raises(KeyboardInterrupt):
        terminal._interrupted(signal.SIGINT, None)
    terminal._writing = None
    terminal._interrupted(signal.SIGINT, None)  # between two answers there is nothing to stop


# piped


def test_each_line_of_a_pipe_is_a_message_and_no_command(world):
    done = world.run(*ONE, "--json", typed="Say hello.\n\n/quit\nI am Ngozi Okafor.\r\n", check=0)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["ended"], line["left_out"]) for line in said][-1][1] == 0
    assert len(said) == 3
    assert all(line["answer"] for line in said)
    assert done.stderr.count("no clinical claim") == 1
    event = world.events("chat")[-1]
    assert (event["counts"]["turns"], event["counts"]["saved"]) == (3, 0)
    assert event["counts"]["identifiers.asked"] >= 1


def test_the_same_lines_and_seed_give_the_same_answers(world):
    one, two, other = (world.run(*ONE, "--seed", seed, typed="Name a river.\n", check=0).stdout for seed in (5, 5, 6))
    assert one == two != ""
    assert other != one


def test_a_line_that_cannot_be_taken_is_said_and_the_exit_code_is_1(world):
    long = "bed " * 5_000
    done = world.run(*ONE, "--json", typed=f"\udcff\n{long}\nSay hello.\n", check=1)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["ended"] for line in said][:2] == ["refused", "refused"]
    assert said[2]["answer"]
    assert "a line is no text in UTF-8" in done.stderr
    assert "the message does not fit" in done.stderr
    event = world.events("chat")[-1]
    assert (event["outcome"], event["counts"]["turns"]) == ("held", 1)


def test_turns_that_no_longer_fit_are_said_to_be_left_out(monkeypatch, capsys):
    model = Scripted(lambda _: "yes", context=100)
    session = Session(Conversation(model))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{'bed ' * 40}\n".encode() * 3)))
    assert by_lines(model, session, json=True)
    session.close()
    printed = capsys.readouterr()
    assert [json.loads(line)["left_out"] for line in printed.out.splitlines()] == [0, 1, 1]
    assert printed.err.count("longer than the model's context: its oldest 1 turn(s) are left out") == 2


def test_what_the_model_is_told_first_is_read_from_a_file_and_kept_with_the_rest(world):
    (world.folder / "told.txt").write_text("You are brief.\n", encoding="utf-8")
    done = world.run(*ONE, "--save", "--system", "told.txt", typed="What is your name?\n", check=0)
    name = re.search(r"--show (\S+)", done.stderr)[1]
    assert "\nsystem> You are brief.\n" in world.run("chat", "--show", name, check=0).stdout
    refused = world.run(*ONE, "--system", "binary.txt", typed="x\n", check=3)
    assert "the file of --system is not taken: binary content" in refused.stderr
    refused = world.run(*ONE, "--system", "long.txt", typed="x\n", check=2)
    assert "the file of --system does not fit" in refused.stderr


# without a model


def test_what_does_not_go_together_is_refused(tmp_path):
    bare = World(tmp_path)
    assert "stand alone" in bare.run("chat", "--list", "--save", check=2).stderr
    assert "stand alone" in bare.run("chat", "--list", "--show", "x", check=2).stderr
    assert "no such transcript" in bare.run("chat", "--show", "../keys/master.key", check=2).stderr
    assert bare.events("chat.show")[-1]["outcome"] == "refused"
    assert "there is no model on the shelf" in bare.run("chat", typed="x\n", check=10).stderr
    assert bare.run("chat", "--list", check=0).stdout == "name\tbytes\n"
    assert not (bare.site / "transcripts").exists()

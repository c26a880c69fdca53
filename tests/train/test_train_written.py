"""Notes composed one by one: every one is read, its words stay, its identities are exchanged and stay consistent."""

from pathlib import Path
from random import Random

import pytest

from onprem.labels import Label
from onprem.tagged import Gold, Tagged, parse, render
from onprem.train.generate import written_notes
from onprem.train.generate.contract import SPLITS
from onprem.train.generate.rewrite_zh import Rewriter as RewriterZh
from onprem.train.generate.surface_en import with_weekdays
from onprem.train.generate.written_notes import notes_of, part_of, written
from onprem.train.generate.zh_scene import Scene as SceneZh

FOLDER = Path(written_notes.__file__).parent / "written"


def outside(document: Tagged) -> list[str]:
    """Return the pieces of text between identifiers."""
    ends = [0, *(span.end for span in document.spans)]
    starts = [*(span.start for span in document.spans), len(document.text)]
    return [document.text[end:start] for end, start in zip(ends, starts, strict=True)]


def values(document: Tagged, label: Label) -> list[str]:
    return [document.text[span.start : span.end] for span in document.spans if span.label is label]


@pytest.mark.parametrize(("lang", "least"), [("en", 600), ("zh", 380)])
def test_every_note_is_read_once_and_well_formed(lang, least):
    raw = [note for path in sorted(FOLDER.glob(f"{lang}_*.txt")) for note in notes_of(path)]
    names = [name for name, _, _ in raw]
    assert len(set(names)) == len(names) >= least
    for _, _, text in raw:
        document = parse(text)
        assert render(document) == text
        for span in document.spans:
            assert document.text[span.start : span.end] == document.text[span.start : span.end].strip() != ""
    shared = [written(lang, split) for split in SPLITS]
    assert sum(map(len, shared)) == len(raw)
    assert min(map(len, shared)) >= least // 20


def test_a_part_of_a_note_keeps_whole_lines_and_their_identifiers():
    note = parse("Seen.\nDr <NAME>Lee</NAME> came.\nHome with <NAME>Ann</NAME>\nDone.")
    assert render(part_of(note, 0.2, 0.3)) == "Dr <NAME>Lee</NAME> came."
    assert part_of(parse("Dr <NAME>Lee</NAME>"), 0.1, 0.9).text == "Dr Lee"
    across = parse("<ADDRESS>12 High St\nFlat 2</ADDRESS>\nend")
    assert part_of(across, 0.6, 0.9) == across  # never a half of an identifier


def test_an_english_note_keeps_its_words_and_the_form_of_its_identifiers():
    pytest.importorskip("faker", reason="needed only to make training text, see docs/detectors-ner.md")
    from onprem.train.generate.rewrite_en import Rewriter
    from onprem.train.generate.scenes_en import Scene

    note = parse(
        "Mr <NAME>OKAFOR, Chidi</NAME> (<NAME>Chidi</NAME>), <AGE>54</AGE>, MRN <RECORD_NUMBER>AB-0042/7</RECORD_NUMBER>, "
        "seen <DATE>Tuesday 3 March 2021</DATE> and <DATE>the 14th</DATE> by <NAME>J. R.</NAME> <NAME>K-O-V-A-C-S</NAME>."
    )
    changed = 0
    for seed in range(40):
        random = Random(seed)
        made = parse(Rewriter(Scene(random, "train", lambda _: ""), random).rewrite(note))
        assert outside(made) == outside(note)
        assert [span.label for span in made.spans] == [span.label for span in note.spans]
        full, short, initials, spelled = values(made, Label.NAME)
        family, given = full.split(", ", 1)
        assert family.isupper() and given == short and not given.isupper()
        assert len(initials) == len("J. R.") and spelled.count("-") == 5
        number = values(made, Label.RECORD_NUMBER)[0]
        assert len(number) == 9 and number[2] == "-" and number[7] == "/" and number[8].isdigit()
        assert values(made, Label.DATE)[0].split()[0].endswith("day")
        assert values(made, Label.DATE)[1].startswith("the ")
        assert values(made, Label.AGE)[0].isdigit()
        changed += full != "OKAFOR, Chidi"
    assert changed >= 20  # most notes are about somebody else each time


def test_a_chinese_note_keeps_its_words_and_its_people_agree():
    note = parse(
        "患者<NAME>王建国</NAME>（<NAME>老王</NAME>），<AGE>58岁</AGE>，住院号<RECORD_NUMBER>ZY0042</RECORD_NUMBER>，<DATE>2021年3月5日</DATE>"
        "由<NAME>王建国</NAME>之妻陪同，<NAME>王</NAME>主任查房。"
    )
    changed = 0
    for seed in range(40):
        random = Random(seed)
        made = RewriterZh(SceneZh("train", random), random).rewrite(note)
        assert outside(made) == outside(note)
        first, familiar, again, alone = values(made, Label.NAME)
        assert first == again and first.startswith(alone) and familiar == "老" + alone
        assert values(made, Label.DATE)[0].endswith("日") and values(made, Label.AGE)[0].endswith("岁")
        assert len(values(made, Label.RECORD_NUMBER)[0]) == 6
        changed += first != "王建国"
    assert changed >= 20


def test_a_weekday_right_before_a_date_is_a_part_of_it():
    tagged = parse(
        "on Tuesday, <DATE>March 4</DATE>, Fri <DATE>3/4</DATE>; he sat <DATE>3/4</DATE>; Monday <NAME>Lee</NAME>"
    )
    assert values(with_weekdays(tagged), Label.DATE) == ["Tuesday, March 4", "Fri 3/4", "3/4"]
    assert with_weekdays(tagged).spans[-1] == Gold(tagged.text.index("Lee"), len(tagged.text), Label.NAME)

"""Identities woven into Chinese carriers, where people, hospitals, days and places stand without a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from onprem.tagged import Gold, Tagged
from onprem.train.generate.zh_scene import Draft, Scene
from onprem.train.generate.zh_slots import fill

SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?\n]*")
# what people say without a name -> how an identity can stand there
_WEAVES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("医生|大夫", ("{dc}", "{dt}", "{hs}的{dc}", "{dc}", "{sur}医生", "{fam}医生")),
    ("患者|病人", ("患者{p}", "{p}", "{pc}", "病人{p}", "患者{pc}", "{p}（{sx}，{age}）", "{bed}{p}")),
    (
        (
            "爸爸|妈妈|父亲|母亲|儿子|女儿|老公|老婆|奶奶|爷爷|孩子|宝宝|朋友|同事|邻居|弟弟|妹妹|姐姐|哥哥|外婆|"
            "婆婆|对象|女友|男友|亲戚|表姐|叔叔|妻子|丈夫|家人"
        ),
        ("{0}{x}", "{0}{x}", "{0}（{x}）", "{0}叫{x}，", "{0}{x}（{age}）", "{0}{fam}", "{0}{x}在{city}，"),
    ),
    (
        "(?:正规|专业|当地|权威|三甲|专科)?的?(?<![一-龥]家)医院(?!里)",
        ("{H}", "{h}", "{hs}", "{h}{dept}", "{city}的{hs}"),
    ),
    (
        "昨天|今天|前几天|前天|上个月|去年|前年|上周|这几天|最近|近日|上次|有一次",
        ("{Dp}", "{Dm}", "{D}", "{Dp}", "{0}{Dm}", "{Df}"),
    ),
    ("公司|单位|学校|厂里", ("{org}",)),
    ("在家|家里|老家", ("在{city}", "{loc}家里", "{city}老家", "{addr}家里", "在{cty}老家")),
    ("您好|你好", ("{pc}您好", "您好{dc}", "{dc}你好", "您好，我是{p}", "{p}您好", "你好，我叫{p}，{age}，")),
    ("谢谢", ("谢谢{dc}", "{p}谢谢", "谢谢，我电话{mob}", "谢谢！{p}")),
    ("我(?=今年|是|的|一直|有|得|患)", ("我{p}", "我（{p}）", "我叫{p}，我", "本人{p}，", "我{native}人，")),
    ("他(?=说|是|的|今年|有)|她(?=说|是|的|今年|有)", ("{x}", "{pc}", "{sur}{titl}")),
)
_WEAVE = re.compile("|".join(f"(?P<w{index}>{words})" for index, (words, _) in enumerate(_WEAVES)))


def weave(sentence: Tagged, scene: Scene, draft: Draft, share: float) -> None:
    """Write a sentence with some of its unnamed people, hospitals, days and places named."""
    position, length = 0, len(sentence.text)
    spans = list(sentence.spans)

    def copy(end: int) -> None:
        nonlocal position
        while spans and spans[0].end <= end:
            span = spans.pop(0)
            shift = draft.length - position
            draft.spans.append(Gold(span.start + shift, span.end + shift, span.label))
        draft.write(sentence.text[position:end])
        position = end

    for match in _WEAVE.finditer(sentence.text):
        inside = any(span.start < match.end() and match.start() < span.end for span in sentence.spans)
        if inside or match.lastgroup is None or scene.random.random() >= share:
            continue
        copy(match.start())
        template = scene.random.choice(_WEAVES[int(match.lastgroup[1:])][1])
        fill(scene, draft, template.replace("{0}", match.group()))
        position = match.end()
    copy(length)


def insert(text: Tagged, scene: Scene, templates: Sequence[str], count: int) -> Tagged:
    """Name some of the unnamed people and places of a text, and add `count` filled templates between its sentences."""
    random: Random = scene.random
    ends = [match.end() for match in SENTENCE.finditer(text.text)] or [len(text.text)]
    ends = [end for end in ends if not any(span.start < end < span.end for span in text.spans)]
    places = set(random.sample(ends, min(count, len(ends))))
    share = random.choice((0.0, 0.2, 0.5))
    draft = Draft()
    begin = 0
    for end in ends:
        inside = tuple(Gold(s.start - begin, s.end - begin, s.label) for s in text.spans if begin <= s.start < end)
        weave(Tagged(text.text[begin:end], inside), scene, draft, share)
        if end in places:
            if draft.length and draft.pieces[-1][-1:] not in "。！？!?\n，,":
                draft.write(random.choice(("，", "。", "\n", " ")))
            fill(scene, draft, random.choice(templates))
            draft.write("" if end == len(text.text) else random.choice(("。", "，", "\n", "。")))
        begin = end
    return draft.tagged()

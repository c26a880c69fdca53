"""Fragments of Chinese place names shared by addresses and institutions: provinces, cities, where a name may begin."""

from __future__ import annotations

from onprem.detect.recognisers._zh_words import any_of, han_except, lexicon

PLACES = lexicon("zh_places")
PROVINCE = any_of(PLACES["provinces"])
SHORT_PROVINCE = any_of(PLACES["short_provinces"])
CITY_NAMES = tuple(PLACES["cities"].split())
CITY = any_of(CITY_NAMES)
DISTRICT = any_of(PLACES["districts"].split())
_STOPS = (
    "进離离謝谢據据检檢系居询詢位在去到至于往经由从赴被把让给我你他她您的了是为后及与跟因自又也就刚今昨有转送住看找"
    "问说叫请这那哪某各每患者"
    "於從給讓說問請這與轉獨"
)  # in no name
_BEFORE = "现和或同等家当前本曾已其回来向将入都时再该"  # in names, but one may also begin behind them
# a character of a place's or institution's own name
OF_NAME = han_except(_STOPS)
NUMERAL = r"[\d一二三四五六七八九十百零〇]"
START = (
    rf"(?<!{han_except(_STOPS + _BEFORE)})(?![年月日号])(?!回[^龙民族春兴]|来[^宾安凤])"  # where such a name may begin
)

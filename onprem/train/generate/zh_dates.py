"""Dates as Chinese records write them: years with and without century, numerals, separators, lunar days, coarse dates."""

from __future__ import annotations

from random import Random

from onprem.train.generate.zh_words import han_digits, han_number

Day = tuple[int, int, int]


def _long(day: Day, random: Random, habit: int) -> str:
    year, month, date = day
    forms = (
        f"{year}年{month}月{date}日",
        f"{year}-{month:02d}-{date:02d}",
        f"{year}年{month:02d}月{date:02d}日",
        f"{year}.{month:02d}.{date:02d}",
        f"{year}/{month}/{date}",
        f"{year}-{month}-{date}",
        f"{year}/{month:02d}/{date:02d}",
        f"{year}.{month}.{date}",
        f"{year} 年 {month} 月 {date} 日",
        f"{year}{month:02d}{date:02d}",
    )
    if random.random() < 0.8:
        return forms[habit % len(forms)]
    rare = (
        f"{han_digits(year)}年{han_number(month)}月{han_number(date)}日",
        f"{str(year)[2:]}年{month}月{date}日",
        f"{year}年{month}月{date}号",
        f"{str(year)[2:]}.{month}.{date}",
        f"{str(year)[2:]}-{month:02d}-{date:02d}",
        f"{year}－{month:02d}－{date:02d}",
        f"{year}年{month}月{date}日",
        f"{han_digits(year % 100)}年{han_number(month)}月{han_number(date)}号",
        f"{year}. {month}. {date}",
    )
    return random.choice((*forms, *rare))


def _short(day: Day, random: Random) -> str:
    _, month, date = day
    return random.choice(
        (
            f"{month}月{date}日",
            f"{month}月{date}日",
            f"{month}月{date}日",
            f"{month}月{date}号",
            f"{month:02d}月{date:02d}日",
            f"{han_number(month)}月{han_number(date)}日",
            f"{han_number(month)}月{han_number(date)}号",
            f"{date}号",
            f"{month}月{date}",
            f"{month}-{date}",
            f"{month}.{date}",
            (
                f"农历{random.choice(('正', '二', '三', '四', '五', '六', '七', '八', '九', '十', '冬', '腊'))}月"
                f"{random.choice(('初一', '初三', '初五', '初八', '十五', '十八', '二十', '廿三'))}"
            ),
        )
    )


def _slashed(day: Day, random: Random) -> str:
    year, month, date = day
    return random.choice(
        (
            f"{month:02d}-{date:02d}",
            f"{month}/{date}",
            f"{month:02d}/{date:02d}",
            f"{str(year)[2:]}.{month}.{date}",
            f"{year}/{month}/{date}",
            f"{year}-{month:02d}-{date:02d}",
            f"{month}.{date}",
            f"{str(year)[2:]}/{month}/{date}",
        )
    )


def _coarse(day: Day, random: Random) -> str:
    year, month, _ = day
    return random.choice(
        (
            f"{year}年",
            f"{year}年{month}月",
            f"{year}年{month}月",
            f"{year}-{month:02d}",
            f"{year}.{month}",
            f"{year}.{month:02d}",
            f"{str(year)[2:]}年",
            f"{str(year)[2:]}年{month}月",
            f"{year}年{random.choice(('春', '夏', '秋', '冬', '初', '底', '春节', '上半年'))}",
            f"{year}年{month}月{random.choice(('初', '底', '上旬', '中旬', '下旬', '份'))}",
            f"{han_digits(year)}年{han_number(month)}月",
        )
    )


def date_text(day: Day, random: Random, *, habit: int, coarse: float) -> str:
    """Write a day: `habit` 0 to 9 chooses a full form, 10 month and day, 11 short forms; `coarse` is a share."""
    if coarse and random.random() < coarse:
        return _coarse(day, random)
    if habit == 10:
        return _short(day, random)
    if habit == 11:
        return _slashed(day, random)
    return _long(day, random, habit)

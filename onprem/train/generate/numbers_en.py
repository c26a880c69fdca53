"""Invented dates, ages, contacts and numbers, in the forms in which clinical text writes them. No number is checked."""

from __future__ import annotations

import datetime
import random
import string

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SHORT = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINAL_WORDS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first".split()  # fmt: skip


def spelled(number: int) -> str:
    """Write a number below 200 in words."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    rest = f" and {spelled(number - 100)}" if number > 100 else ""
    return f"one hundred{rest}"


def ordinal(number: int) -> str:
    """Write 1st, 2nd, 3rd, 4th …"""
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }".replace(" ", "")


def day(rng: random.Random, first: int = 1995, last: int = 2026) -> datetime.date:
    """Return a day between two years."""
    return datetime.date(first, 1, 1) + datetime.timedelta(days=rng.randrange(365 * (last - first + 1)))


def written(when: datetime.date, rng: random.Random) -> str:
    """Write a whole date in one of many forms."""
    d, m, y = when.day, when.month, when.year
    month = MONTHS[m - 1] if rng.random() < 0.6 else SHORT[m - 1] + rng.choice(("", "."))
    draw = rng.random()
    if draw < 0.42:
        first, second = (d, m) if rng.random() < 0.25 else (m, d)
        mark = rng.choices(("/", "-", "."), (14, 4, 2))[0]
        pad = "02d" if rng.random() < 0.5 else "d"
        year = f"{y % 100:02d}" if rng.random() < 0.45 else str(y)
        return f"{first:{pad}}{mark}{second:{pad}}{mark}{year}"
    if draw < 0.50:
        return rng.choice(
            (
                f"{y}-{m:02d}-{d:02d}",
                f"{y}/{m:02d}/{d:02d}",
                f"{y}.{m}.{d}",
                f"{y}{m:02d}{d:02d}",
                f"{y}-{m:02d}-{d:02d}",
            )
        )
    if draw < 0.68:
        return rng.choice(
            (
                f"{month} {d}, {y}",
                f"{month} {d}, {y}",
                f"{month} {ordinal(d)}, {y}",
                f"{month} {d} {y}",
                f"{month} {ordinal(d)} {y}",
                f"{month} {d:02d},{y}",
            )
        )
    if draw < 0.82:
        return rng.choice(
            (
                f"{d} {month} {y}",
                f"{ordinal(d)} {month} {y}",
                f"{ordinal(d)} of {month}, {y}",
                f"the {ordinal(d)} of {month} {y}",
                f"{d}-{SHORT[m - 1][:3]}-{y}",
                f"{d:02d}-{SHORT[m - 1][:3].upper()}-{y % 100:02d}",
                f"{d:02d}{SHORT[m - 1][:3].upper()}{y}",
                f"{d}/{SHORT[m - 1]}/{y % 100:02d}",
                f"{SHORT[m - 1]}-{d:02d}-{y}",
            )
        )
    weekday = DAYS[when.weekday()]
    if draw < 0.90:
        return rng.choice(
            (
                f"{weekday}, {month} {d}, {y}",
                f"{weekday} {month} {d}",
                f"{weekday[:3]} {d} {month} {y}",
                f"{weekday[:3]}. {m}/{d}/{y % 100:02d}",
                f"{weekday} {d} {month}",
                f"{weekday} the {ordinal(d)} of {month}",
            )
        )
    if draw < 0.95:
        return f"{MONTHS[m - 1]} {_ORDINAL_WORDS[d - 1]}{rng.choice((', ', ' '))}{rng.choice((str(y), year_words(y)))}"
    return rng.choice(
        (
            f"{SHORT[m - 1][:3]} {d} '{y % 100:02d}",
            f"{month} {d}, '{y % 100:02d}",
            f"{m}/{d}/'{y % 100:02d}",
            f"{month}, {d} {y}",
            f"{m} / {d} / {y}",
            f"{m:02d} {d:02d} {y}",
        )
    )


def year_words(year: int) -> str:
    """Write a year in words, as dictated."""
    high, low = divmod(year, 100)
    if year >= 2000 and year < 2010:
        return "two thousand" + (f" {spelled(low)}" if low else "")
    return f"{spelled(high)} {spelled(low) if low > 9 else 'oh ' + spelled(low)}" if low else f"{spelled(high)} hundred"


def month_day(when: datetime.date, rng: random.Random) -> str:
    """Write month and day without a year."""
    d, m = when.day, when.month
    month = MONTHS[m - 1] if rng.random() < 0.6 else SHORT[m - 1] + rng.choice(("", "."))
    return rng.choice(
        (
            f"{m}/{d}",
            f"{m:02d}/{d:02d}",
            f"{month} {d}",
            f"{month} {ordinal(d)}",
            f"{d} {month}",
            f"{ordinal(d)} {month}",
            f"the {ordinal(d)} of {month}",
            f"{m}-{d}",
            f"{d}-{SHORT[m - 1][:3]}",
            f"{m}/{d}",
            f"{MONTHS[m - 1]} {_ORDINAL_WORDS[d - 1]}",
        )
    )


def month_year(when: datetime.date, rng: random.Random) -> str:
    """Write a month and a year."""
    m, y = when.month, when.year
    month = MONTHS[m - 1] if rng.random() < 0.7 else SHORT[m - 1] + rng.choice(("", "."))
    return rng.choice(
        (
            f"{month} {y}",
            f"{month} {y}",
            f"{month}, {y}",
            f"{month} of {y}",
            f"{m}/{y}",
            f"{m:02d}/{y}",
            f"{y}-{m:02d}",
            f"{month} '{y % 100:02d}",
            f"{SHORT[m - 1][:3]}-{y % 100:02d}",
            f"{m:02d}/{y % 100:02d}",
        )
    )


def interval(when: datetime.date, rng: random.Random) -> str:
    """Write a range of days."""
    end = when + datetime.timedelta(days=rng.randint(1, 20))
    d, m, y = when.day, when.month, when.year
    if end.month == m and rng.random() < 0.6:
        return rng.choice(
            (
                f"{MONTHS[m - 1]} {d}-{end.day}, {y}",
                f"{SHORT[m - 1]} {d}-{end.day}",
                f"{m}/{d}-{end.day}/{y}",
                f"{m}/{d}-{m}/{end.day}",
                f"{d}-{end.day} {MONTHS[m - 1]} {y}",
            )
        )
    return f"{m}/{d}/{y % 100:02d}{rng.choice(('-', ' - ', ' to ', '–'))}{end.month}/{end.day}/{end.year % 100:02d}"


def clock(rng: random.Random) -> str:
    """Write a time of day."""
    hour, minute = rng.randrange(24), rng.randrange(60)
    return rng.choice(
        (
            f"{hour:02d}:{minute:02d}",
            f"{hour % 12 + 1}:{minute:02d} {rng.choice(('am', 'pm', 'AM', 'PM', 'a.m.', 'p.m.'))}",
            f"{hour:02d}{minute:02d}",
            f"{hour:02d}{minute:02d} hrs",
            f"{hour % 12 + 1}{rng.choice(('am', 'pm', ' AM', ' pm'))}",
            f"{hour:02d}:{minute:02d}:{rng.randrange(60):02d}",
            f"{hour:02d}h{minute:02d}",
        )
    )


def fill(form: str, rng: random.Random) -> str:
    """Fill a form: # a digit, N a digit but 0 and 1, @ a capital letter, & a small letter, ^ a hexadecimal digit."""
    makers = {
        "#": string.digits,
        "N": "23456789",
        "@": "ABCDEFGHJKLMNPRSTUVWXYZ",
        "&": string.ascii_lowercase,
        "^": "0123456789abcdef",
    }
    return "".join(rng.choice(makers[mark]) if mark in makers else mark for mark in form)


_PHONES = (
    "(N##) N##-####", "(N##) N##-####", "N##-N##-####", "N##-N##-####", "N##-N##-####", "N##.N##.####", "N## N## ####", "N##N######", "+1 N##-N##-####", "+1 (N##) N##-####",
    "1-N##-N##-####", "1-800-N##-####", "+1N##N######", "N##-####", "(N##)N##-####", "N##/N##-####", "0## #### ####", "07### ######", "07#########", "+44 7### ######", "+44 (0)20 #### ####",
    "020 #### ####", "01### ######", "(01###) ######", "0800 ### ###", "+353 8# ### ####", "08# ### ####", "+61 4## ### ###", "04## ### ###", "(0#) #### ####", "+64 2# ### ####", "+91 98### #####",
    "+91-9#########", "98########", "+234 80# ### ####", "080########", "+49 30 #######", "+33 6 ## ## ## ##", "06 ## ## ## ##", "+52 55 #### ####", "+55 11 9####-####", "+86 138 #### ####", "+82-10-####-####",
    "+84 9# ### ## ##", "+63 917 ### ####", "+27 8# ### ####", "+971 5# ### ####", "+34 6## ### ###", "+39 3## #######", "+48 ### ### ###", "+7 9## ###-##-##", "+254 7## ### ###", "001 N## N## ####", "N##-N## ####",
)  # fmt: skip


def phone(rng: random.Random) -> str:
    """Write a telephone number, sometimes with an extension."""
    number = fill(rng.choice(_PHONES), rng)
    if rng.random() < 0.1:
        number += rng.choice((" x{}", " ext. {}", " ext {}", ", ext. {}", " extension {}", "x{}")).format(
            rng.randint(10, 99999)
        )
    return number


_RECORDS = ("#######", "########", "######", "#########", "##-##-##", "###-##-##", "###-###-###", "@#######", "@@######", "@@-#######", "MR######", "MRN#######", "H########", "E#########", "##########", "###### @", "@######", "#####", "00######", "10########", "####-####", "@##-####-##", "P-######", "PT######", "UH-######", "###.###.###")  # fmt: skip
_OTHERS = (
    "##########", "#########", "########", "#######", "@########", "@@########", "@@@#######", "###-##-####", "####-####-####", "@@@-####-#####", "##-@@-#####", "####-#####", "@##-#####", "@@##-######", "#### #### ####",
    "@@@@######", "W###########", "@@@###@##########", "###@@####", "@#@#@#@#", "@@-##-####", "S##-#####", "SP-##-####", "##-######-@", "RX#######", "Rx ######", "@@######@", "^^^^^^^^-^^^^-^^^^-^^^^-^^^^^^^^^^^^", "#-###-######-#",
    "INV-######", "REF####@@", "CT-######", "NCT########", "STUDY-###-##", "BR-####-###", "SN@@#######", "LOT ####@##", "@####-##-###", "####/####/@", "@@@########", "(01)00############(21)@#######", "AUTH########", "CLM-##########",
)  # fmt: skip


def record_number(rng: random.Random) -> str:
    """Write a medical record number."""
    return fill(rng.choice(_RECORDS), rng)


def other_number(rng: random.Random) -> str:
    """Write an account, policy, accession, serial or any other number."""
    return fill(rng.choice(_OTHERS), rng)


def social_security(rng: random.Random) -> str:
    """Write a United States social security number."""
    return fill(
        rng.choices(("###-##-####", "### ## ####", "#########", "xxx-xx-####", "***-**-####"), (12, 2, 3, 1, 1))[0], rng
    )


def national(rng: random.Random) -> str:
    """Write a national health or identity number of another country."""
    return fill(
        rng.choice(
            (
                "### ### ####",
                "##########",
                "@@ ## ## ## @",
                "@@######@",
                "#### ##### #",
                "#### #### ####",
                "@@@##@##@###@",
                "######-####",
                "###-###-###",
                "@@@@######&&"[:10],
                "########@",
            )
        ),
        rng,
    )


def plate(rng: random.Random) -> str:
    """Write a vehicle's plate."""
    return fill(
        rng.choice(
            (
                "#@@@###",
                "@@@-####",
                "@@@ ####",
                "@@@####",
                "@@## @@@",
                "@@##@@@",
                "###-@@@",
                "@@@ ###",
                "@@-###-@@",
                "@@ ## @@ ####",
                "##-@-#####",
            )
        ),
        rng,
    )


def vehicle(rng: random.Random) -> str:
    """Write a 17-character vehicle identification number."""
    return fill("#@@@@##@#@@######", rng)


def address_of_host(rng: random.Random) -> str:
    """Write an IP or MAC address."""
    if rng.random() < 0.7:
        return ".".join(str(rng.randint(1, 254)) for _ in range(4))
    return fill(rng.choice(("^^:^^:^^:^^:^^:^^", "2001:db8:^^^^::^^^^", "fe80::^^^^:^^^^:^^^^:^^^^")), rng)


def age(rng: random.Random) -> int:
    """Return an age in years; one in nine is 90 or more."""
    return rng.randint(90, 104) if rng.random() < 0.11 else rng.randint(1, 89)

"""Invented numbers: identity cards, telephones, hospital numbers, cards, permits, plates, accounts, beds.

Rules: numbers are random; those with a check digit mostly carry a right one.
"""

from __future__ import annotations

from random import Random

from onprem import checksums
from onprem.train.generate.zh_words import han_number, words

_MAIL = (
    "qq.com",
    "163.com",
    "126.com",
    "sina.com",
    "hospital.org.cn",
    "gmail.com",
    "outlook.com",
    "139.com",
    "foxmail.com",
    "edu.cn",
)


class Codes:
    """Draws numbers."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def digits(self, count: int) -> str:
        """Draw a number of `count` digits, the first of them not 0."""
        return str(self.random.randint(1, 9)) + "".join(self.random.choices("0123456789", k=count - 1))

    def resident_id(self, birth: tuple[int, int, int], female: bool) -> str:
        """Make a resident identity card that agrees with birth date and sex; one in twelve has a wrong check digit."""
        r = self.random
        region = r.choice("1234561234568") + str(r.randint(1, 5)) + f"{r.randint(1, 29):02d}{r.randint(1, 30):02d}"
        order = r.randrange(0, 500) * 2 + (0 if female else 1)
        body = f"{region}{birth[0]:04d}{birth[1]:02d}{birth[2]:02d}{order:03d}"
        check = checksums.cn_resident_check_digit(body)
        if r.random() < 0.08:
            check = r.choice("0123456789X")
        number = body + check
        form = r.random()
        if form < 0.08:
            return f"{number[:6]} {number[6:14]} {number[14:]}"
        if form < 0.11:
            return number.lower()
        if form < 0.14:
            return body[:6] + body[8:17]  # the form of 15 digits
        return number

    def mobile(self) -> str:
        """Draw a mobile number in one of its written forms."""
        r = self.random
        number = "1" + r.choice("3456789") + "".join(r.choices("0123456789", k=9))
        form = r.random()
        if form < 0.72:
            return number
        a, b, c = number[:3], number[3:7], number[7:]
        return r.choice(
            (
                f"{a}-{b}-{c}",
                f"{a} {b} {c}",
                f"+86 {number}",
                f"+86-{number}",
                f"{a}****{c}",
                f"86{number}",
                f"{number[:5]} {number[5:]}",
                f"(+86){number}",
                f"{a} {number[3:]}",
                f"{number[:4]}-{number[4:7]}-{number[7:]}",
            )
        )

    def landline(self) -> str:
        """Draw a fixed line with its area code, a service number or an extension."""
        r = self.random
        area = r.choice(tuple("010 021 028 020 0571 0755 0816 0372 0991 0471 027 022".split()))
        number = self.digits(8 if len(area) == 3 else r.choice((7, 8)))
        return r.choice(
            (
                f"{area}-{number}",
                f"({area}){number}",
                f"（{area}）{number}",
                f"{area} {number}",
                f"{area}-{number}转{r.randint(100, 8999)}",
                f"{area}{number}",
                f"{number}",
                f"400-{r.randint(100, 999)}-{r.randint(1000, 9999)}",
                f"{area}—{number}",
            )
        )

    def phone(self) -> str:
        """Draw a telephone number."""
        return self.mobile() if self.random.random() < 0.75 else self.landline()

    def code(self) -> str:
        """Draw a number as hospital systems make them."""
        r = self.random
        year = str(r.randint(2008, 2026))
        letter = r.choice("ABCDEFGHJKLMNPRSTXYZ")
        return r.choice(
            (
                lambda: self.digits(6),
                lambda: self.digits(8),
                lambda: self.digits(10),
                lambda: "00" + self.digits(6),
                lambda: "000" + self.digits(7),
                lambda: letter + self.digits(7),
                lambda: letter + year + self.digits(5),
                lambda: year + self.digits(6),
                lambda: f"{year}-{r.randint(1, 99999):05d}",
                lambda: (
                    f"{r.choice(('ZY', 'MZ', 'BL', 'CT', 'MR', 'US', 'XD', 'JC', 'DR', 'BA', 'P', 'H'))}"
                    f"{self.digits(r.choice((6, 8, 10)))}"
                ),
                lambda: f"{letter}-{self.digits(6)}",
                lambda: f"{year[2:]}{r.randint(1, 12):02d}{r.randint(1, 28):02d}{self.digits(4)}",
                lambda: self.digits(5),
                lambda: self.digits(12),
                lambda: f"{r.choice(('ZY', 'MZ', 'JZ', 'CT', 'BL'))}-{year}-{r.randint(1, 9999):04d}",
                lambda: "".join(r.choices("〇一二三四五六七八九", k=r.choice((6, 8)))),
                lambda: f"{letter}{letter}{self.digits(9)}",
                lambda: f"{r.randint(1, 99):02d}-{self.digits(5)}",
            )
        )()

    def bank_card(self) -> str:
        """Draw a bank card number, mostly with a right Luhn digit, with or without spaces."""
        r = self.random
        body = r.choice(tuple("6222 6217 6228 6225 6214 6230 4367 5187".split())) + self.digits(r.choice((11, 14)))
        number = next((body + digit for digit in "0123456789" if checksums.luhn(body + digit)), body + "0")
        return " ".join(number[i : i + 4] for i in range(0, len(number), 4)) if r.random() < 0.4 else number

    def passport(self) -> str:
        """Draw the number of a passport or travel permit."""
        r = self.random
        return r.choice(
            (
                f"E{self.digits(8)}",
                f"E{r.choice('ABCDEFGHJK')}{self.digits(7)}",
                f"G{self.digits(8)}",
                f"H{self.digits(10)}",
                f"M{self.digits(8)}",
                self.digits(8),
                f"C{self.digits(8)}",
                f"{r.choice('ABKP')}{self.digits(7)}",
            )
        )

    def plate(self) -> str:
        """Draw a car plate."""
        r = self.random
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
        tail = "".join(r.choices("0123456789" * 3 + letters, k=r.choice((5, 5, 6))))
        return (
            r.choice("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼")
            + r.choice(letters)
            + r.choice(("", "", "·", "-", " "))
            + tail
        )

    def account(self) -> str:
        """Draw a messenger account."""
        r = self.random
        return r.choice(
            (
                f"wx{self.digits(r.randint(4, 8))}",
                f"{r.choice(words('names', 'pinyin_syllable'))}_{self.digits(4)}",
                (
                    f"{r.choice(words('names', 'pinyin_surname')).lower()}"
                    f"{r.choice(words('names', 'pinyin_syllable'))}{self.digits(r.randint(2, 6))}"
                ),
                f"wxid_{self.digits(6)}ab",
                self.digits(r.randint(6, 10)),
                self.mobile(),
            )
        )

    def mail(self) -> str:
        """Draw an e-mail address."""
        r = self.random
        user = r.choice(
            (
                self.digits(9),
                r.choice(words("names", "pinyin_surname")).lower()
                + r.choice(words("names", "pinyin_syllable"))
                + r.choice(("", str(r.randint(60, 2010)))),
                f"{r.choice(words('names', 'pinyin_syllable'))}.{r.choice(words('names', 'pinyin_surname')).lower()}",
            )
        )
        return f"{user}@{r.choice(_MAIL)}"

    def bed(self) -> str:
        """Draw a bed as said in text."""
        r = self.random
        return r.choice(
            (
                f"{r.randint(1, 89)}床",
                f"{r.randint(1, 60)}床",
                f"{r.randint(1, 60)}号床",
                f"加{r.randint(1, 12)}床",
                f"{r.randint(1, 9)}-{r.randint(1, 40)}床",
                f"{r.choice('ABC')}{r.randint(1, 40)}床",
                f"{han_number(r.randint(2, 48))}床",
                f"{r.randint(1, 60):02d}床",
                f"抢救{r.randint(1, 4)}床",
                f"加{han_number(r.randint(1, 9))}床",
            )
        )

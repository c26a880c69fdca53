"""E-mail and web addresses, host names, network and hardware addresses, user names and handles."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

import ipaddress

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import any_of, examples, words
from onprem.labels import Label

# Top-level domains of countries and of general use that occur in letters and portals (IANA root zone, by memory of use).
_TLD = any_of(
    (
        "com org net edu gov mil int info biz name pro museum health hospital clinic care doctor dental med bio app dev io ai "
        "co me tv cc online site website xyz tech store shop blog cloud live life world email news example test invalid local "
        "lan internal intranet ac ad ae af ag am ar at au az ba bd be bg bh bo br by ca ch ci cl cm cn cr cu cy cz de dk do dz "
        "ec ee eg es et eu fi fr ge gh gr gt hk hn hr ht hu id ie il in iq ir is it jm jo jp ke kh kr kw kz lb lk lt lu lv ly "
        "ma md mk mm mt mu mx my mz na ng ni nl no np nz om pa pe ph pk pl pr pt py qa ro rs ru rw sa sd se sg si sk sn sv sy th "
        "tn tr tt tw tz ua ug uk us uy uz ve vn ye za zm zw"
    ).split()
)
# Country codes that are also words or units are believed only in addresses with a path, "www" or "@".
_SAFE_TLD = any_of(
    "com org net edu gov mil info biz health hospital clinic care doctor app io ai uk ca au de fr cn ie nz eu us".split()
)
_LOCAL = r"[A-Za-z0-9\u00c0-\u024f](?:[A-Za-z0-9\u00c0-\u024f._%+'-]{0,62}[A-Za-z0-9\u00c0-\u024f_+-])?"
_HOST = r"(?:[A-Za-z0-9\u00c0-\u024f](?:[A-Za-z0-9\u00c0-\u024f-]{0,40}[A-Za-z0-9\u00c0-\u024f])?\.){1,6}"
_PATH = r"(?::\d{2,5})?(?:[/?#][^\s<>\"'\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]{0,300})?"
# letters and digits that go on a word; a Han character does not, no space stands before an address in Chinese
_W = r"A-Za-z0-9_\u00c0-\u024f"
_END = r"(?<![.,;:!?)\]}])"


def _ip6(value: str) -> bool:
    try:
        ipaddress.IPv6Address(value.partition("/")[0].partition("%")[0])
    except ValueError:
        return False
    return sum(character in "0123456789abcdefABCDEF" for character in value) >= 4


def _ip4(value: str) -> bool:
    parts = value.partition("/")[0].partition(":")[0].split(".")
    return all(int(part) <= 255 for part in parts) and int(parts[0]) > 0 and max(map(int, parts)) > 20


RECOGNISERS = (
    Recogniser(
        "email",
        Label.EMAIL,
        rf"(?<![{_W}.+-]){_LOCAL}[ ]?@[ ]?{_HOST}[A-Za-z\u00c0-\u024f]{{2,24}}(?![{_W}-])",
        0.99,
        examples(
            "Write to <EMAIL>anna.lee+gp@example.org</EMAIL>.",
            "Mail:<EMAIL>j_o'hara@mail.hospital.example</EMAIL>, please",
            "本人電郵<EMAIL>wl.kwan88@netvigator.example</EMAIL>。",
            "seen @ clinic; 5 mg @ bedtime.",
        ),
        reach=(70, 110),
        needs=("@",),
        clinical=True,
    ),
    Recogniser(
        "email_partial",
        Label.EMAIL,
        rf"@(?<![{_W}.]@)(?P<v>[A-Za-z][{_W}.]{{2,29}})(?![{_W}@])",
        0.6,
        examples("Posts as @<EMAIL>anna_lee90</EMAIL>.", "HR 70 @ rest"),
        reach=(2, 40),
        needs=("@",),
    ),
    Recogniser(
        "email_spoken",
        Label.EMAIL,
        r"(?i)(?<![\w.])[a-z0-9][a-z0-9_.+-]{0,40}(?:[ ](?:dot|underscore)[ ][a-z0-9_-]{1,30}){0,3}[ ]?[\[(]?[ ]?\bat\b[ ]?[\])]?[ ]?"
        r"[a-z0-9-]{1,40}(?:[ ]?[\[(]?[ ]?\bdot\b[ ]?[\])]?[ ]?[a-z0-9-]{1,20}){0,3}[ ]?[\[(]?[ ]?\bdot\b[ ]?[\])]?[ ]?"
        r"(?:com|org|net|edu|gov|uk|ca|au|ie|in|de|fr|io|health|example)\b",
        0.9,
        examples(
            "E-mail is <EMAIL>john at example dot com</EMAIL>.",
            "Use <EMAIL>mary dot jones at mail dot example dot org</EMAIL>",
            "seen at clinic, a dot on the scan",
        ),
        reach=(110, 60),
        needs=("dot",),
    ),
    Recogniser(
        "url",
        Label.URL,
        rf"[hfHFwW](?<![{_W}].)(?:(?i:ttps?|tp|tps|xxps?)://|ww\d?\.|WW\.)[^\s<>\"'\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]{{3,2000}}{_END}",
        0.99,
        examples(
            "See <URL>https://portal.example.org/p/8812?id=7</URL>.",
            "Portal: <URL>www.mercy.example</URL>, log in",
            "影像链接<URL>https://yc.example.cn/view?id=77120</URL>,有事请回",
            "http status unknown",
        ),
        reach=(8, 2000),
        needs=("://", "www"),
        clinical=True,
    ),
    Recogniser(
        "domain",
        Label.URL,
        rf"(?<![{_W}.@/-])(?=[A-Za-z0-9-]{{2,40}}\.[A-Za-z]){_HOST}{_SAFE_TLD}(?![{_W}@-]|\.[{_W}]){_PATH}{_END}",
        0.8,
        examples(
            "Results on <URL>myportal.example-health.com/visits</URL>.",
            "Book at <URL>drlee.co.uk</URL>",
            "Follow up in 3 days.Call if worse. e.g. i.e. Na.K",
        ),
        reach=(60, 330),
        needs=tuple(f".{tld}" for tld in "com org net edu gov mil info biz health hospital clinic care doctor app io ai uk ca au de fr cn ie nz eu us".split()),
    ),
    Recogniser(
        "domain_path",
        Label.URL,
        rf"(?<![{_W}.@/-])(?=[A-Za-z0-9-]{{2,40}}\.[A-Za-z]){_HOST}{_TLD}/[^\s<>\"'\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]{{2,300}}{_END}",
        0.8,
        examples("See <URL>pt.clinica.es/anna</URL>.", "mg.kg/day and mL.min/1.73"),
        reach=(60, 330),
        needs=("/",),
    ),
    Recogniser(
        "ipv4",
        Label.IP_ADDRESS,
        rf"\d(?<![{_W}.]\d)\d{{0,2}}(?:\.\d{{1,3}}){{3}}(?![{_W}]|\.\d)(?:/\d{{1,2}}|:\d{{2,5}})?(?!\d)",
        0.9,
        examples("Logged in from <IP_ADDRESS>192.168.10.24</IP_ADDRESS>.", "Section 3.2.1.4 of the guideline; v1.2.3."),
        needs=("number",),
        check=_ip4,
        clinical=True,
    ),
    Recogniser(
        "ipv6",
        Label.IP_ADDRESS,
        r"[0-9A-Fa-f:](?<![\w:.].)(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f]{0,3}(?::[0-9A-Fa-f]{0,4}){2,7}(?:%\w{1,10}|/\d{1,3})?(?![\w:])",
        0.9,
        examples("Host <IP_ADDRESS>2001:db8::8a2e:370:7334</IP_ADDRESS>", "at 12:30:45; ratio 1:2:3; a::b"),
        reach=(6, 60),
        needs=("number",),
        check=_ip6,
    ),
    Recogniser(
        "mac",
        Label.IP_ADDRESS,
        r"[0-9A-Fa-f](?<![\w:.-].)[0-9A-Fa-f](?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})(?![\w:-])",
        0.95,
        examples("Pump <IP_ADDRESS>00:1B:44:11:3A:B7</IP_ADDRESS>", "00-12-34"),
        needs=("digit",),
    ),
    Recogniser(
        "user_name",
        Label.OTHER_ID,
        words("user ?name", "user ?id", "login(?: id| name)?", "log-?in", "screen name", "handle", "skype(?: id| name)?", "wechat(?: id)?",
              "instagram", "twitter", "facebook", "snapchat", "telegram", "tiktok", "portal id", "user", "password", "pin code")
        + r"[ \t]{0,3}(?:(?i:is|was)[ \t]|[:=#])[ \t]{0,3}(?P<v>@?[A-Za-z0-9][\w.@\\/-]{2,40}(?<![.,]))",
        0.7,
        examples(
            "Username: <OTHER_ID>alee_1970</OTHER_ID>",
            "Portal login is <OTHER_ID>mjones22</OTHER_ID>.",
            "IV drug user, current smoker",
        ),
        reach=(16, 70),
        needs=("user", "login", "log-in", "log in", "screen name", "handle", "skype", "wechat", "instagram", "twitter", "facebook",
               "snapchat", "telegram", "tiktok", "portal id", "password", "pin code"),
    ),
)  # fmt: skip

"""Names of people in Chinese records, by label, title, relation, signature line and form.

Rules: never from a bare surname character (门诊号, 高血压, 白细胞 are no people): a surname counts only with a label, a
title, a relation or a form that only names have; the words of lexicons/zh_not_names.txt begin no name.
"""

from __future__ import annotations

from onprem.detect.contract import Example, Recogniser
from onprem.detect.recognisers._zh_words import (
    HAN,
    any_of,
    label,
    lexicon,
    not_a_name,
    surnames,
    word_ends,
    words_not_names,
)
from onprem.labels import Label

_ZH = frozenset({"zh"})
_ALL, _SAFE, _FREQUENT = surnames("all"), surnames("safe"), surnames("frequent")
_NOT = not_a_name()
_END = word_ends()
_FOREIGN = (
    "[阿艾爱安奥巴不拜保贝比毕别宾波伯勃卜布采策查达打大代戴黛道德登邓杜迭蒂迪丁都多顿厄恩尔二法凡范菲费芬丰弗福"
    "夫富甫噶盖甘冈高戈哥歌格根贡古谷瓜"
    "哈海汉翰郝合赫黑亨胡华霍基吉季加迦嘉贾简江杰金津久居卡凯坎康考科柯可克肯孔库奎坤拉莱赖兰朗劳勒雷蕾里利丽莉"
    "力连琳林琉留隆鲁路露伦罗洛吕"
    "麻马玛迈麦曼茂梅蒙孟米密敏明缪摩莫默姆木穆拿那纳娜乃南内尼妮涅聂宁牛纽诺帕派潘庞佩彭皮匹平坡珀普其齐奇契恰"
    "强乔切琴琼丘曲让热仁日荣茹儒瑞"
    "若萨塞赛桑瑟森沙莎山尚舍申沈生圣施史斯司丝思苏索所塔太泰坦唐陶特腾提田廷图托瓦万旺威韦维魏温文翁沃乌吾武西"
    "希锡夏香肖谢辛欣兴雄休许旭雅亚延"
    "扬耶叶伊依易因英尤于雨约月云扎泽詹珍芝治智朱卓兹孜宗祖佐则巧次措嘎卓玛洛桑旦增平措仓央琼央金嘎巴珠热甫江买"
    "提汗吐逊古丽热娅]"
)
_DOTTED = rf"(?!(?:科|夫|士)(?<={HAN}[科夫士])){_FOREIGN}{{1,9}}(?:\s?·\s?{_FOREIGN}{{1,10}}){{1,4}}"
_PINYIN_SURNAME = (
    r"(?:"
    + "|".join(
        f"{name.capitalize()}|{name.upper()}"
        for name in dict.fromkeys(lexicon("zh_surnames")["pinyin"]["surnames"].split())
    )
    + ")"
)
_SYLLABLE = r"(?:[BPMFDTNLGKHJQXZCSRYW]|[ZCS]H)?[AEIOUV]{1,3}(?:NG|N|R)?"
_GIVEN_PINYIN = (
    rf"(?:[A-Z](?:[a-z]{{1,5}})(?:['\-]?[A-Za-z]?[a-z]{{1,5}})?(?![a-z])|{_SYLLABLE}(?:[ "
    rf"'\-]?{_SYLLABLE})?(?![A-Za-z]))"
)
_LATIN = r"[A-Z][A-Za-z.'\-]{0,20}(?:[ ,]{1,2}[A-Z][A-Za-z.'\-]{0,20}){0,3}"
_STOP = (
    r"性\s?别|年\s?龄|男|女|民族|身份|住院|门诊|科\s?室|床|电话|联系|手机|职业|出生|病案|病历|婚姻|籍贯|关系|"
    r"签|日期|时间|工号|与患者|系患者|之[父母子女]|"
    r"地址|住址|诊断|病区|登记|检查|申请|审核|报告|主治|医师|医生|护士|主任|记录|ID|卡号|医保|就诊"
)
_EMPTY = (
    "(?!昨[日天晚]|今[日天晨]|敬礼|无|不详|未知|同上|本人|患者|家属|未填|未提供|未留|未签|拒签|拒绝|自己|匿名|"
    "保密|略|空白|代签|手写|电子|"
    "已签|见|如下|您好|你好|请|是|有|没|"
    "[一二三四五六七八九十]级|男|女|及|与|或|和|为|的|等|意见|确认|日期|时间|处|栏|签|盖章|授权|知情|同意|"
    "医[师生]|护士|主[任治]|技师|待|联系|关系|姓名|年龄)"
)
_END_OF_NAME = rf"(?={_STOP}|[^\u4e00-\u9fff]|$)"
_AFTER = (
    rf"(?:(?=\s{{0,3}}(?:{_STOP}|教授|副教授|主任|医[生师]|护[士师]|先生|女士|大夫|老师|博士))|"
    rf"(?=[^\u4e00-\u9fff])|$)"
)
# what a strong label may hold: dotted names, Han names, Latin names; and any short Han value that fills its place
_VALUE = (
    rf"(?P<v>{_DOTTED}|{_EMPTY}{_ALL}\s{{1,4}}{HAN}(?={_AFTER})|{_EMPTY}{_ALL}(?:某{{1,2}}|"
    rf"[xX*×○]{{1,3}}{HAN}?)|{_EMPTY}{_NOT}{_ALL}{HAN}{{1,3}}?{_AFTER}"
    rf"|{_EMPTY}{_NOT}{_ALL}{HAN}{{1,2}}|{_LATIN})"
)
_FILLED = (
    rf"(?P<v>{_EMPTY}{_NOT}(?:{HAN}{{2,4}}|{_FOREIGN}{{5,11}}))(?=\s{{0,4}}(?:[,，、;。()/|\d\n]|$)|"
    rf"\s{{1,4}}(?:{_STOP})|"
    rf"(?<=[:=\s]{HAN}{HAN})\s|(?<=[:=\s]{HAN}{HAN}{HAN})\s|(?<=[:=\s]{HAN}{HAN}{HAN}{HAN})\s)"
)
_STRONG = label(*lexicon("zh_people")["labels"].split())
_COLON = (
    r"(?:\([^()\n]{1,10}\)|(?<=签[名字章])处|\s?[与及和/]\s?(?:关系|电话|日期))?\s{0,4}[:;=]\s{0,6}|\s{1,6}|"
    r"(?=(?:[A-Z][a-z]))"
)
_TITLES = tuple(lexicon("zh_people")["titles"].split())
_TITLE = any_of(_TITLES)
_GLUED = label(
    *"姓名 患者姓名 签名 签字 联系人 记录者 记录人 报告医师 审核医师 责任护士 管床医师 主管医师 经治医师".split()
)
_RELATION = (
    "胞[兄弟姐妹]|家长|其(?:子|女|妻|夫|父|母|兄|弟|姐|妹|孙子?|孙女|儿子|女儿|儿媳|女婿|丈夫|妻子|爱人|配偶|"
    "老伴|父亲|母亲|哥哥|弟弟|姐姐|妹妹|外孙|侄子|侄女|外甥|家属|亲属|朋友|同事|护工|保姆)|"
    "儿子|女儿|长子|次子|三子|长女|次女|幼子|幼女|儿媳|女婿|丈夫|妻子|爱人|配偶|老伴|父亲|母亲|爸爸|妈妈|哥哥|"
    "弟弟|姐姐|妹妹|舅舅|姑姑|姨妈|孙子|孙女|外孙女?|侄子|侄女|外甥|"
    "家属|亲属|同事|室友|邻居|护工|保姆|男友|女友|未婚夫|未婚妻|监护人|养父|养母|继父|继母|祖父|祖母|外婆|外公|"
    "爷爷|奶奶|我叫|名叫|叫做|本人|我是|患者|病人|患儿|产妇|孕妇|死者|伤者|"
    "考生|居民|村民|职工|学生|由|经|请|随|遵|与|向|和|给|找|挂了?|看了?|谢谢|感谢|同|问|是"
)
_NO_NAME_BEFORE_TITLE = (
    *"科院诊检区病医护术室组患药天亲根据清戚阿",
    "责任",
    "周一",
    "主任",
    "全家",
    "成人",
    "经治",
    "经管",
)
_VERB = (
    r"(?:陪同|陪伴|代诉|代为|联系|电话|签字|签名|签署|诉说|自诉|主诉|诉|护送|发现|陪护|送来|送至|送医|送往|"
    r"在场|要求|表示|知情|同意|拒绝|办理|补充|提供|说|描述|代述|于\d|于今|于昨|于上|"
    r"等人|查房|会诊|主刀|手术|操作|接诊|随诊|看诊|治疗|处理|就诊|复诊|门诊|检查|审核|签发|电告|及其|及家属|因|"
    r"今日|入院|出院|来院|来电|今年|现年|现在|目前|已|的(?:病历|检查|报告|情况|病情|家属|电话|主治|女儿|儿子|"
    r"号|诊|住院|手机|丈夫|妻子|母亲|父亲|床|血|手术|CT))"
)


_NO_GIVEN_NAME = frozenset("痛肿者医上下内时天血病体能会可性子我你他院总")
_NO_NAME_CHARACTERS = frozenset(
    "的了在有是不也都很就被把这那我你他她吗呢啊吧怎么什会能要去来到过没着给让因为但如果从及并其和且则需予查诊症"
    "炎痛药针片检周前后月日点病患医院科"
)
_TITLE_ENDS = tuple("先生 女士 小姐 教授 老师 大哥 大姐 师傅 专家 大夫 医生 主任 护士 阿姨 大爷 奶奶 爷爷 叔叔".split())


def _related(value: str) -> bool:
    """Say whether what stands behind a relation can be a full name."""
    given = value[1:]
    return given not in _NO_GIVEN_NAME and not value.endswith(_TITLE_ENDS) and not _NO_NAME_CHARACTERS & set(given)


def _titled(value: str) -> bool:
    """Say whether what stands before a title can be a name."""
    if value[:2] in words_not_names():
        return False
    return not any(word in value for word in _NO_NAME_BEFORE_TITLE)


RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser(
        name="zh_name_labelled",
        label=Label.NAME,
        pattern=rf"{_STRONG}(?:{_COLON}){_VALUE}",
        score=0.95,
        needs=("han",),
        langs=_ZH,
        examples=(
            Example("姓名：<NAME>王建国</NAME> 性别：男"),
            Example("患者姓名 <NAME>欧阳雪梅</NAME>"),
            Example("主治医师：<NAME>李梅</NAME>。"),
            Example("签名：<NAME>阿依古丽·买买提</NAME>"),
            Example("姓名：<NAME>Zhang Wei</NAME>"),
            Example("姓 名：<NAME>李 明</NAME>"),
            Example("姓名：不详，签名：________"),
        ),
    ),
    Recogniser(
        name="zh_name_filled",
        label=Label.NAME,
        pattern=rf"{_STRONG}(?:\([^()\n]{{1,10}}\))?\s{{0,4}}[:=]\s{{0,6}}{_FILLED}",
        score=0.85,
        needs=(":", "="),
        langs=_ZH,
        examples=(
            Example("姓名：<NAME>其其格</NAME>，女"),
            Example("记录者：<NAME>多吉才让</NAME>\n"),
            Example("审核：已通过初审并上传到平台系统中的结果请看"),
        ),
    ),
    Recogniser(
        name="zh_name_glued",
        label=Label.NAME,
        pattern=(
            rf"{_GLUED}"
            rf""
            rf""
            rf""
            rf""
            rf"(?P<v>{_NOT}{_ALL}{HAN}{{1,2}}?)(?={_STOP}|[,，。;、\s\d(]|$)"
        ),
        score=0.85,
        needs=(*"姓名 签 联系人 记录 报告医 审核 责任护士 管床 主管 经治".split(),),
        langs=_ZH,
        examples=(
            Example("姓名<NAME>王小明</NAME>性别男年龄58岁"),
            Example("签名处"),
        ),
    ),
    Recogniser(
        name="zh_name_second",
        label=Label.NAME,
        pattern=(
            rf"(?:医师|医生|护士|护师|签名|签字|助手|术者|人员|[一二]助|主任|药师|技师|"
            rf"姓名)\s?[:]\s?{_ALL}{HAN}{{1,2}}(?:[、/,和及 ]{{1,2}}{_ALL}{HAN}{{1,2}}){{0,3}}?"
            rf"[、/,和及 ]{{1,2}}(?P<v>{_NOT}{_ALL}{HAN}{{1,2}})(?=[、/,，。;\s(\d]|$)"
        ),
        score=0.85,
        needs=(*"医师 医生 护士 护师 签 助 术者 人员 主任 药师 技师".split(),),
        langs=_ZH,
        examples=(
            Example("手术助手：王芳、<NAME>李明</NAME>。"),
            Example("护士：按时，按量"),
        ),
    ),
    Recogniser(
        name="zh_name_title",
        label=Label.NAME,
        pattern=(
            rf"(?P<v>{_SAFE}(?<!谢(?=谢)){_END}{HAN}{{0,2}}?|(?<![\u4e00-\u9fff])(?!谢谢){_ALL}{HAN}{{0,2}}?)(?"
            rf"<![的了在各我你他她它等由请和与及或是名位向经被让给到副])(?={_TITLE})"
        ),
        score=0.85,
        check=_titled,
        needs=(*_TITLES,),
        langs=_ZH,
        examples=(
            Example("<NAME>张</NAME>先生"),
            Example("请<NAME>王建国</NAME>主任医师会诊"),
            Example("今日<NAME>欧阳</NAME>主任查房"),
            Example("谢谢<NAME>刘</NAME>医生"),
            Example("主任医师查房，责任护士，检查医生，上周医生说"),
        ),
    ),
    Recogniser(
        name="zh_name_masked",
        label=Label.NAME,
        pattern=(
            rf"(?P<v>{_ALL}(?:某某|某{HAN}(?=[,，。;、\s(先女的]|$)|某|"
            rf"[xX×*＊○]{{1,2}}(?![a-zA-Z\d*])))(?![些种个方人])"
        ),
        score=0.85,
        needs=("某", "x", "×", "*", "○"),
        langs=_ZH,
        check=lambda value: value[0] not in "因对有为在某与向于由经用按其于高和平方包计从常全",
        examples=(
            Example("患者<NAME>张某某</NAME>，男"),
            Example("<NAME>李某</NAME>，女"),
            Example("因某些原因，某某医院"),
        ),
    ),
    Recogniser(
        name="zh_name_familiar",
        label=Label.NAME,
        pattern=(
            rf"(?<![大细胞最较微弱很偏变缩过])(?P<v>[小老阿]{_FREQUENT})(?=[,，。;!?、:\s]|说|来|您|你|医生|"
            rf"护士|大夫|姐|哥|阿姨|师傅|先生|同学|老师|主任|的(?:电话|手机|病|检查|报告)|$|那边|这边|联系|陪|"
            rf"今天|昨天|回|接|刚|已|上午|下午)"
        ),
        score=0.7,
        needs=("小", "老", "阿"),
        langs=_ZH,
        check=lambda value: (
            value not in {"小林", "小万", "小梁", "阿胶", "小苏", "小段", "小汤", "小管", "小程", "小姜", "小杜"}
        ),
        examples=(
            Example("<NAME>小王</NAME>，你来看下这个病人"),
            Example("<NAME>老李</NAME>说昨晚睡得好"),
            Example("肿块缩小，老年，小时候，阿司匹林"),
        ),
    ),
    Recogniser(
        name="zh_name_relation",
        label=Label.NAME,
        pattern=(
            rf"(?:{_RELATION})(?:\([^()\n]{{1,6}}\)|姓名)?\s{{0,3}}[:]?\s{{0,3}}(?:叫|名叫|为|"
            rf"是)?(?P<v>{_NOT}{_SAFE}{HAN}{{1,2}}?)(?=[,，。;、()/\s]{{0,2}}(?:男|女|\d{{1,3}}岁|电话|手机|"
            rf"1[3-9]\d{{9}})|[()](?![^()\n]{{0,6}}[症病])|{_VERB})"
        ),
        score=0.8,
        needs=("han",),
        langs=_ZH,
        check=_related,
        examples=(
            Example("其子<NAME>张明</NAME>陪同"),
            Example("女儿<NAME>王小红</NAME>（电话13800138000）"),
            Example("患者<NAME>李建军</NAME>，男，58岁"),
            Example("女儿高烧三天，父亲高血压，患者于今日入院"),
        ),
    ),
    Recogniser(
        name="zh_name_newborn",
        label=Label.NAME,
        pattern=rf"(?P<v>{_NOT}{_ALL}{HAN}{{1,2}}之(?:[大小长次幼双三二]?[子女婴]|双胎[大小]|[大小]宝|新生儿))",
        score=0.95,
        check=lambda value: not any(word in value for word in ("女士", "先生", "大爷", "阿姨", "医生")),
        needs=tuple(f"之{child}" for child in "子女婴大小长次幼双三二新"),
        langs=_ZH,
        examples=(
            Example("新生儿<NAME>李梅之子</NAME>"),
            Example("<NAME>王芳之女</NAME>，日龄3天"),
            Example("不治之症，之子于归"),
        ),
    ),
    Recogniser(
        name="zh_name_dotted",
        label=Label.NAME,
        pattern=rf"(?P<v>{_DOTTED})",
        score=0.9,
        needs=("·",),
        langs=_ZH,
        examples=(
            Example("患者<NAME>阿卜杜拉·买买提</NAME>，男"),
            Example("<NAME>扎西•多吉</NAME>"),
            Example("头痛·发热"),
        ),
    ),
    Recogniser(
        name="zh_name_pinyin",
        label=Label.NAME,
        pattern=(
            rf"(?=[A-Z])(?<![A-Za-z\d])(?P<v>{_PINYIN_SURNAME}(?:, ?| {{1,2}}){_GIVEN_PINYIN}|{_GIVEN_PINYIN} "
            rf"(?:{_PINYIN_SURNAME}))(?![A-Za-z\d])"
        ),
        score=0.8,
        langs=_ZH,
        examples=(
            Example("受检者<NAME>ZHANG Wei</NAME>，"),
            Example("Name: <NAME>Wang Xiaoming</NAME> 男"),
            Example("He 染色，Song 评分"),
        ),
    ),
)

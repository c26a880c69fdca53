"""Chinese clinical sentences that identify nobody: laboratory rows, vital signs, orders, prescriptions, findings, scores.

Rules: nothing here is an identifier, however much it looks like one: numbers with units, codes of stages and leads, names
of drugs, herbs, eponyms and abbreviations. Medical facts only; the words are an own compilation.
"""

from __future__ import annotations

from random import Random

_LAB = (
    "WBC RBC HGB PLT NEUT% LYM% MONO% EOS% HCT MCV MCH CRP hs-CRP PCT ESR ALT AST GGT ALP TBIL DBIL ALB TP GLU "
    "BUN Cr UA K Na Cl Ca P Mg CO2CP CK CK-MB LDH cTnI cTnT Myo BNP NT-proBNP TC TG HDL-C LDL-C HbA1c "
    "PT APTT INR FIB D-Dimer FDP TSH FT3 FT4 TPOAb TRAb AFP CEA CA199 CA125 CA153 PSA fPSA HCG E2 LH FSH PRL T "
    "P4 PH PaO2 PaCO2 HCO3- BE Lac SaO2 HBsAg HBsAb HBeAg HBeAb HBcAb HBV-DNA HCV-Ab TPPA RPR ANA dsDNA "
    "ENA RF CCP ASO IgG IgA IgM IgE C3 C4 白细胞 红细胞 血红蛋白 血小板 中性粒细胞 淋巴细胞 谷丙转氨酶 "
    "谷草转氨酶 总胆红素 直接胆红素 白蛋白 尿素氮 肌酐 尿酸 血糖 血钾 血钠 血钙 甘油三酯 总胆固醇 低密度脂蛋白 "
    "纤维蛋白原 降钙素原 "
    "C反应蛋白 血沉 肌钙蛋白I 同型半胱氨酸 糖化血红蛋白 促甲状腺激素 癌胚抗原 甲胎蛋白 尿蛋白 尿潜血 尿酮体 "
    "比重 大便隐血 空腹C肽 铁蛋白 叶酸 维生素B12 胆碱酯酶 淀粉酶 脂肪酶 乳酸"
).split()
_UNITS = (
    "×10^9/L ×10^12/L g/L % U/L mmol/L umol/L μmol/L mg/L ng/ml pg/ml ng/L IU/ml mIU/L s mm/h fl pg mmHg mg/dl "
    "copies/ml 10^9/L"
).split()
_MARKS = ("", "", "", " ↑", " ↓", "↑", "↓", "(H)", "(L)", " H", " L", "（+）", "（-）", "(+)", "(±)", " ++")
_HERBS = (
    "黄芪 党参 白术 茯苓 甘草 陈皮 法半夏 厚朴 枳壳 枳实 木香 砂仁 柴胡 黄芩 黄连 黄柏 栀子 龙胆草 金银花 连翘 "
    "板蓝根 大青叶 桔梗 杏仁 贝母 麦冬 沙参 玉竹 石斛 百合 当归 川芎 白芍 赤芍 熟地 生地 何首乌 阿胶 桃仁 红花 "
    "丹参 三七 牛膝 杜仲 续断 桑寄生 独活 羌活 防风 荆芥 薄荷 菊花 桑叶 葛根 升麻 石膏 知母 天花粉 夏枯草 "
    "决明子 车前子 泽泻 猪苓 薏苡仁 苍术 藿香 佩兰 干姜 附子 肉桂 吴茱萸 山药 山茱萸 枸杞子 菟丝子 补骨脂 "
    "淫羊藿 巴戟天 "
    "酸枣仁 柏子仁 远志 石菖蒲 龙骨 牡蛎 磁石 朱砂 天麻 钩藤 全蝎 蜈蚣 地龙 僵蚕 延胡索 郁金 香附 乌药 川楝子 "
    "佛手 玫瑰花 竹茹 旋覆花 代赭石 山楂 神曲 麦芽 莱菔子 鸡内金 火麻仁 大黄 芒硝 芦荟 白及 仙鹤草 地榆 槐花 "
    "艾叶 蒲黄 五灵脂 "
    "乳香 没药 皂角刺 穿山甲 王不留行 路路通 鱼腥草 白花蛇舌草 半枝莲 浙贝母 莪术 三棱 海藻 昆布 五味子 乌梅 "
    "诃子 金樱子 芡实 莲子 浮小麦 桂枝 麻黄 细辛 白芷 辛夷 苍耳子 紫苏 蝉蜕 秦艽 威灵仙 木瓜 络石藤 徐长卿 "
    "刘寄奴 杨梅根 高良姜 马齿苋 方海 石韦 江南卷柏"
).split()
_FORMULAE = (
    "黄连温胆汤 小柴胡汤 逍遥散 归脾汤 补中益气汤 六味地黄汤 肾气丸 半夏泻心汤 四君子汤 六君子汤 八珍汤 "
    "血府逐瘀汤 桃红四物汤 天麻钩藤饮 镇肝熄风汤 龙胆泻肝汤 藿香正气散 参苓白术散 银翘散 桑菊饮 麻杏石甘汤 "
    "小青龙汤 二陈汤 三仁汤 独活寄生汤 酸枣仁汤 金铃子散 失笑散 五苓散 真武汤 玉屏风散 乌梅丸 阳和汤 温经汤 "
    "完带汤 止嗽散 苏子降气汤 葛根汤"
).split()
_ENGLISH = (
    "NPO IVF PRN SOB CHF COPD DM2 HTN CAD AF ESRD CKD TIA GERD UTI URI RUQ LLQ RLQ GB stone wall EtOH HBV HCV "
    "HIV PE DVT MRI CT DSA ERCP EGD EKG ECG TTE PCI CABG ICU OR PACU STAT qd bid tid qid q8h q12h qn prn po iv "
    "im ih ac pc hs "
    "Trocar Hem-o-lok Foley Prolene Vicryl CTO LAD LCX RCA LM TIMI stent balloon Garden Colles Bankart Dixon "
    "Miles Whipple Billroth Roux-en-Y Bishop Murphy Babinski Kernig Brudzinski Romberg Lasegue Hoffmann "
    "Cefoperazone-sulbactam "
    "Meropenem Vancomycin Aspirin Clopidogrel Warfarin Metformin Insulin Losartan Amlodipine Prednisone "
    "Dexamethasone Omeprazole Levofloxacin Azithromycin Ceftriaxone Heparin Morphine Fentanyl Propofol Hx PE "
    "Dx Rx Sx w/o s/p c/o r/o f/u "
    "yo M F vs max min normal negative positive mass cyst node follow-up echo Doppler CDFI SUV FDG T1WI T2WI "
    "DWI FLAIR ADC LVEF FEV1 FVC SpO2 FiO2 PEEP VT RR HR BP BMI ABVD R-CHOP FOLFOX XELOX TP GP AC-T EGFR ALK "
    "ROS1 KRAS HER2 PD-L1 TPS Ki-67 CD20 CD3 BCL-2 P53 ER PR AR S-100"
).split()
_FINDINGS = """
双肺纹理增多，右下肺见斑片状模糊影，双侧胸腔少量积液，心影不大，主动脉壁钙化
右肺上叶尖段见一磨玻璃结节，边缘光整，未见明显分叶，纵隔淋巴结无肿大
肝脏大小形态正常，肝内见一类圆形低密度影，增强扫描动脉期明显强化，胆囊壁毛糙，腔内见强回声伴声影
双肾大小正常，左肾下极见一无回声区，边界清，后方回声增强，输尿管上段结石伴积水
子宫前位，宫体大小正常，肌层回声欠均，左侧附件区见囊性结构，盆腔少量积液
甲状腺右叶见低回声结节，TI-RADS 3类，CDFI示周边少许血流
双侧基底节区、半卵圆中心多发腔隙灶，侧脑室旁白质脱髓鞘改变，中线结构居中
L4/5、L5/S1椎间盘突出，硬膜囊受压，黄韧带肥厚，椎管狭窄
窦性心律，V4-V6导联ST段压低0.1mV，T波倒置，完全性右束支传导阻滞，QT间期延长
左室壁运动节段性异常，二尖瓣轻度反流，LVEF 52%，估测肺动脉收缩压约35mmHg
胃窦黏膜充血水肿，见散在糜烂，幽门螺杆菌（+），十二指肠球部见溃疡，覆白苔
距肛缘15cm见一息肉，大小约0.6cm×0.5cm，山田II型，予圈套切除，创面钛夹夹闭
腹软，右下腹麦氏点压痛、反跳痛阳性，结肠充气试验阳性，肠鸣音减弱
神志清楚，言语含糊，双侧瞳孔等大等圆，右侧鼻唇沟变浅，伸舌偏右，右侧肢体肌力4级，巴氏征阳性
咽部充血，双侧扁桃体II度肿大，表面见脓性分泌物，颈部可触及肿大淋巴结
全身皮肤黏膜无黄染，未见肝掌及蜘蛛痣，浅表淋巴结未触及肿大，胸廓对称无畸形
宫口开大3cm，先露S-1，胎膜已破，羊水清，胎心140次/分，宫缩规律
镜下见浸润性导管癌，II级，脉管内见癌栓，切缘干净，前哨淋巴结0/3转移
术中见阑尾充血水肿，头端化脓穿孔，周围脓苔附着，距根部0.5cm切断，残端荷包包埋
探查见胆囊三角粘连严重，分离胆囊管及动脉后以Hem-o-lok夹闭离断，肝床电凝止血，放置引流管一根
取平卧位，全麻满意后常规消毒铺巾，脐上缘置入10mm Trocar，建立气腹，压力12mmHg
口唇无发绀，桶状胸，双肺叩诊过清音，呼气相延长，可闻及哮鸣音
双下肢凹陷性水肿，足背动脉搏动可，皮温正常，Homans征阴性
切口敷料干燥，无红肿渗液，拔除引流管，改流质饮食，鼓励下床活动
已宣教防跌倒、防坠床、防压疮措施，床栏已拉起，呼叫器放于床头
晨起血压偏高，予硝苯地平舌下含服后降至正常，继续观察
患者夜间入睡困难，予艾司唑仑1mg口服，凌晨安静入睡，呼吸平稳
明日复查血常规、电解质及肝肾功能，注意出入量，警惕深静脉血栓形成
病情较前好转，予降阶梯抗感染治疗，停用美罗培南，改头孢哌酮舒巴坦
告知病情危重，随时可能出现呼吸心跳骤停，家属表示理解，要求积极抢救
患者空腹血糖控制欠佳，调整胰岛素剂量，三餐前8-6-6U，睡前甘精胰岛素14U
病程中无黑矇、晕厥，食欲尚可，二便正常，体重无明显变化，夜尿2次
鼻腔黏膜苍白水肿，下鼻甲肥大，鼻中隔右偏，中鼻道未见新生物
角膜透明，前房深浅正常，晶状体混浊，眼底视网膜平伏，黄斑中心凹反光可
右膝肿胀，浮髌试验阳性，抽屉试验阴性，麦氏征阳性，活动受限
骨折断端对位对线可，内固定位置良好，石膏外固定四周后拆除
面色萎黄，舌淡胖边有齿痕，苔白腻，脉濡缓，辨证属脾虚湿盛，治以健脾化湿
会阴体完整，恶露量少色暗红，乳汁分泌可，子宫收缩好
患儿精神反应可，前囟平软，哭声响亮，吸吮有力，脐部干燥，经皮测胆红素下降
麻醉诱导平稳，气管插管顺利，术中循环稳定，苏醒后拔管，安返病房
伤口换药，见肉芽组织新鲜，引流出淡血性液体，继续负压吸引
头部CT未见出血，考虑急性脑梗死，超出溶栓时间窗，予阿司匹林及他汀治疗
痰培养为肺炎克雷伯菌，对美罗培南、阿米卡星敏感，对左氧氟沙星耐药
心前区、剑突下、季肋部、腰骶部、肩胛区均无压痛，脊柱四肢无畸形
出院后低盐低脂饮食，避免盘腿、深蹲，避免劳累、情绪激动，按时服药
同前治疗，继观；余治疗不变；完善相关检查；对症支持治疗
请相关科室会诊，必要时手术，现予补液、抗炎、解痉止痛处理
反复胸闷气短，快走、上楼时明显，位于心前区，约手掌大小，休息后缓解，夜间不能平卧
商业保险、新农合均可报销，单位体检发现，退休后在家务农，国际标准，护士站登记
血压高，白天困，安定无效，方便时复查，何时手术待定，常年服药，温水送服
""".strip().split("\n")
_SCORES = (
    "GCS评分{}分",
    "NIHSS {}分",
    "Apgar {}-{}-{}分",
    "Child-Pugh {}级",
    "NYHA {}级",
    "Killip {}级",
    "ECOG {}分",
    "KPS {}0分",
    "CURB-65 {}分",
    "Braden {}分",
    "Morse {}5分",
    "MMSE {}分",
    "VAS {}分",
    "Hoehn-Yahr {}期",
    "T{}N{}M0",
    "T{}N{}M0 IIIB期",
    "FIGO {}期",
    "CHA2DS2-VASc {}分",
    "HAS-BLED {}分",
    "APACHE II {}分",
    "Wells {}分",
    "PASI {}",
    "DAS28 {}.{}",
    "BI-RADS {}类",
    "TI-RADS {}类",
    "Garden {}型",
    "Bishop {}分",
    "mRS {}分",
    "孕{}产{}",
    "G{}P{}",
    "L{}/{}",
    "C{}-{}",
    "第{}胸椎",
    "Ⅱ/{}期",
    "{}级护理",
    "ASA {}级",
    "Lugano {}期",
    "Bosniak {}级",
)


def _number(random: Random) -> str:
    return random.choice(
        (
            str(random.randint(1, 300)),
            f"{random.randint(0, 99)}.{random.randint(0, 99)}",
            f"{random.randint(0, 20)}.{random.randint(0, 9)}",
            f"<{random.randint(1, 10)}",
            f"{random.randint(1, 9)}.{random.randint(100, 999)}",
        )
    )


def _laboratory(random: Random) -> str:
    joint = random.choice((" ", "，", "；", "　", ", ", "\n", "、"))
    gap = random.choice((" ", "", "：", ":", " "))
    return joint.join(
        f"{random.choice(_LAB)}{gap}{_number(random)}{random.choice(_UNITS)}{random.choice(_MARKS)}"
        for _ in range(random.randint(2, 8))
    )


def _prescription(random: Random) -> str:
    joint = random.choice(("，", "、", " ", "  ", "\n", ","))
    herbs = random.sample(_HERBS, random.randint(4, 14))
    body = joint.join(
        (
            f"{herb}{random.choice((' ', '', ''))}{random.randint(1, 60)}{random.choice(('g', 'g', 'g', '克', ''))}"
            f"{random.choice(('', '', '', '（先煎）', '(后下)', '包煎'))}"
        )
        for herb in herbs
    )
    head = random.choice(
        (
            "",
            "",
            f"方用{random.choice(_FORMULAE)}加减：",
            f"{random.choice(_FORMULAE)}：",
            "处方：",
            f"守方去{random.choice(_HERBS)}，加{random.choice(_HERBS)}，",
            f"拟{random.choice(_FORMULAE)}合{random.choice(_FORMULAE)}化裁：",
        )
    )
    return (
        head
        + body
        + random.choice(
            ("", f"，{random.randint(3, 14)}剂，水煎服", "。水煎服，日一剂，分二次温服", f" ×{random.randint(3, 14)}剂")
        )
    )


def _shorthand(random: Random) -> str:
    joint = random.choice((" ", "，", ", ", "；", "、"))
    return joint.join(
        random.choice(
            (
                random.choice(_ENGLISH),
                random.choice(_ENGLISH),
                f"{random.choice(_ENGLISH)} {_number(random)}",
                f"{random.choice(_ENGLISH)}：{random.choice(_ENGLISH)}",
                f"{random.choice(_FINDINGS)[:8]}",
                (
                    f"{random.choice(_ENGLISH)} {random.choice((0.5, 1, 2, 3, 5, 10, 20, 40, 100))}"
                    f"{random.choice(('g', 'mg', 'ml', 'U'))} "
                    f"{random.choice(('qd', 'bid', 'tid', 'q8h', 'q12h', 'qn', 'st'))}"
                ),
                f"×{random.randint(1, 14)}d",
            )
        )
        for _ in range(random.randint(2, 7))
    )


def _vitals(random: Random) -> str:
    r = random.randint
    return random.choice(
        (
            (
                f"T{r(35, 40)}.{r(0, 9)}℃ P{r(50, 140)}次/分 R{r(12, 40)}次/分 BP{r(80, 210)}/{r(40, 120)}mmHg "
                f"SpO2 {r(80, 100)}%"
            ),
            (
                f"体温{r(35, 40)}.{r(0, 9)}℃，脉搏{r(50, 140)}次/分，呼吸{r(12, 40)}次/分，"
                f"血压{r(80, 210)}/{r(40, 120)}mmHg"
            ),
            f"{r(0, 23):02d}:{r(0, 59):02d} 体温{r(36, 39)}.{r(0, 9)}℃",
            f"身高{r(50, 190)}cm，体重{r(3, 110)}kg，BMI {r(15, 38)}.{r(0, 9)}kg/m²",
            f"24h入量{r(1000, 4000)}ml，出量{r(500, 4000)}ml，尿量{r(200, 3000)}ml",
            f"HR {r(50, 150)}bpm，RR {r(12, 40)}，FiO2 {r(21, 100)}%，PEEP {r(3, 15)}cmH2O",
            f"{r(1, 9)}.{r(0, 9)}×{r(1, 9)}.{r(0, 9)}×{r(1, 9)}.{r(0, 9)}cm",
            f"{r(2, 8)}-{r(2, 8)}-{r(2, 8)}U",
            f"BP {r(80, 210)}/{r(40, 120)}，HR{r(50, 130)}",
        )
    )


def _scores(random: Random) -> str:
    return random.choice(("；", "，", " ")).join(
        item.format(*(random.randint(1, 6) for _ in range(3))) for item in random.sample(_SCORES, random.randint(1, 5))
    )


def _described(random: Random) -> str:
    parts = random.choice(_FINDINGS).split("，")
    if random.random() < 0.4:
        parts += random.choice(_FINDINGS).split("，")
        random.shuffle(parts)
        parts = parts[: random.randint(1, 7)]
    return random.choice(("，", "，", "，", "；", " ", "、")).join(parts)


_KINDS = (_described, _described, _described, _described, _laboratory, _prescription, _shorthand, _vitals, _scores)


def finding(random: Random) -> str:
    """Write one to three sentences of clinical content without an identifier."""
    return "".join(
        random.choice(_KINDS)(random) + random.choice(("。", "。", "\n", "；", ""))
        for _ in range(random.choice((1, 1, 2, 3)))
    )

"""A small library of invented hospital instructions in English and Chinese, with questions and where the answer stands.

A question names the heading under which its answer stands, None where the library does not hold one.
"""

ENGLISH = {
    "pharmacy/anticoagulants.md": """# Anticoagulants
## Warfarin: starting
New patients start on 5 mg once daily in the evening. Patients over 75 years, or under 50 kg, start on 3 mg.
## Warfarin: monitoring
INR is measured on days 3, 5 and 7, then weekly until two results in a row lie in range.
## Warfarin: INR too high
Above 5 without bleeding: omit one dose and measure again next day. With bleeding, give 10 mg of vitamin K slowly into a
vein and call the haematologist.
## Heparin
Unfractionated heparin runs at 18 units per kg and hour after a bolus of 80 units per kg. The first aPTT is taken after
six hours.
## Before surgery
Apixaban is stopped 48 hours before an operation with a high risk of bleeding, 24 hours before one with a low risk.
""",
    "pharmacy/cold_chain.md": """# Storage of medicines
## Refrigerators
Vaccines and insulin are stored between 2 and 8 degrees. The display is read twice a day and written on the sheet at the
door.
## Power failure
Keep the door closed. If the temperature has been above 8 degrees for more than two hours, move the stock to the pharmacy
and quarantine it until a pharmacist decides.
## Opened vials
A multi-dose vial of insulin is thrown away 28 days after it was first opened. The date of opening stands on the label.
## Controlled drugs
The cupboard has two locks. Two nurses count the ampoules at each change of shift and both sign the register.
""",
    "ward/falls.md": """# Falls
## Assessment
Every inpatient is assessed with the Morse scale within eight hours of admission, and again after any fall.
## High risk
From 45 points a yellow wristband is put on, the bed stays in its lowest position and the bell lies within reach.
## After a fall
Do not lift the patient before a doctor has looked at the neck and the hips. Take blood pressure lying and standing, and
write an incident report before the end of the shift.
""",
    "ward/infection.md": """# Infection control
## Hand hygiene
Rub the hands with 3 ml of alcohol for thirty seconds before and after each contact. Soap and water are used after
patients with Clostridioides difficile, because alcohol does not kill spores.
## Isolation
Patients with measles, chickenpox or open tuberculosis stay in a room with negative pressure, and staff wear FFP2 masks.
## Needle injuries
Let it bleed, wash with soap for five minutes and report to occupational health within one hour. Prophylaxis against HIV
begins within two hours if it is needed.
## Linen
Soiled linen goes into red bags that dissolve in the machine. It is washed at 71 degrees for at least three minutes.
## Catheters
Urinary catheters are changed every 28 days; the need for one is reviewed each morning.
""",
    "ward/transfusion.md": """# Transfusion
## Checks
Two members of staff compare name, number and blood group at the bedside, never at the desk.
## Running time
A unit of red cells is given within four hours of leaving the refrigerator. Platelets run in over thirty minutes.
## Reactions
Stop the transfusion at a rise of temperature of 1.5 degrees or more, keep the line open with saline and inform the blood
bank. The bag and the giving set go back to the laboratory.
""",
    "front/visiting.txt": """Visiting hours are from 14:00 to 19:30 on every day. On the intensive care unit
two visitors at a time are admitted, for thirty minutes.

Children under twelve may come with an adult. Flowers are not allowed on the oncology ward and in intensive care.

Parking costs 2.50 for each hour; for parents of children in hospital it is free of charge with a card from the desk.
""",
    "front/records.md": """# Medical records
## Requests by patients
A copy of the record is sent within thirty days of a written request with proof of identity. The first copy costs nothing.
## Retention
Adult records are kept for ten years after the last contact, those of children until the age of 28.
## Corrections
Entries are never erased. A wrong entry is struck through so that it can still be read, and dated and signed.
""",
    "it/downtime.md": """# Downtime of the hospital system
## Paper forms
Each ward has a red box with order forms, drug charts and labels for 48 hours.
## Telephone
The service desk answers at extension 4400 around the clock. At night the duty engineer is called through the porter.
## Afterwards
What was written on paper is typed in by the ward clerk within one day after the system is back, and the sheets are scanned.
## Passwords
A password has fourteen characters or more and is changed when it may be known to somebody else.
""",
}

CHINESE = {
    "药学/抗凝药.md": """# 抗凝药物管理
## 华法林起始剂量
新患者每晚一次，每次5毫克。七十五岁以上或体重低于五十公斤者，从3毫克开始。
## 国际标准化比值监测
用药后第3、5、7天各测一次，连续两次达标后改为每周一次。
## 数值过高的处理
高于5而没有出血时，停服一次，次日复查。伴有出血时，缓慢静脉注射维生素K 10毫克，并请血液科会诊。
## 术前停药
阿哌沙班在高出血风险手术前48小时停用，低风险手术前24小时停用。
""",
    "药学/冷链.md": """# 药品储存
## 冰箱温度
疫苗和胰岛素保存在2至8摄氏度，每日两次读取并登记在门上的表格。
## 停电
保持冰箱门关闭。温度高于8摄氏度超过两小时的药品转移到药房隔离，由药师决定是否使用。
## 已开封的药瓶
多剂量胰岛素开封后28天丢弃，开封日期写在标签上。
## 麻醉药品
专柜双锁，每次交接班由两名护士清点安瓿并共同签名。
""",
    "病区/跌倒.md": """# 跌倒预防
## 评估
住院患者入院后八小时内用莫尔斯量表评估，跌倒后重新评估。
## 高危患者
四十五分及以上佩戴黄色腕带，床位降到最低，呼叫铃放在手边。
## 跌倒之后
医生检查颈部和髋部之前不得搬动患者。测量卧位和立位血压，下班前填写不良事件报告。
""",
    "病区/感染控制.md": """# 感染控制
## 手卫生
每次接触前后用3毫升酒精搓手三十秒。接触艰难梭菌患者后用肥皂和流水洗手，因为酒精不能杀灭芽孢。
## 隔离
麻疹、水痘和开放性肺结核患者住负压病房，工作人员佩戴防护口罩。
## 针刺伤
挤出血液，用肥皂水冲洗五分钟，一小时内报告职业健康科。必要时两小时内开始预防用药。
## 被服
污染的被服装入红色可溶袋，在71摄氏度下至少清洗三分钟。
## 导尿管
导尿管每28天更换，每天早晨评估是否仍需留置。
""",
    "病区/输血.md": """# 输血
## 核对
两名工作人员在床旁核对姓名、编号和血型，不得在护士站核对。
## 输注时间
红细胞离开冰箱后四小时内输完，血小板三十分钟内输完。
## 不良反应
体温升高1.5摄氏度以上立即停止输血，用生理盐水保持通路，通知输血科，血袋和输血器送回检验科。
""",
    "前台/探视.txt": """探视时间为每天14:00至19:30。重症监护室每次限两人，每次三十分钟。

十二岁以下儿童须由成人陪同。肿瘤科和重症监护室不得带入鲜花。

停车每小时5元，住院儿童的家长凭前台发放的卡片免费停车。
""",
    "前台/病案.md": """# 病案管理
## 患者申请复印
收到书面申请和身份证明后三十天内寄出，第一份免费。
## 保存期限
成人病案在最后一次就诊后保存十年，儿童病案保存到二十八岁。
## 更正
病历内容不得涂擦。错误之处划线，保持原字可辨，注明日期并签名。
""",
    "信息/停机.md": """# 系统停机预案
## 纸质表格
每个病区备有红色箱子，内有医嘱单、用药单和标签，可用48小时。
## 电话
服务台分机4400全天值守，夜间通过门卫联系值班工程师。
## 恢复之后
病区文员在系统恢复后一天内补录纸质内容，并扫描原件。
## 密码
密码至少十四个字符，可能泄露时立即更换。
""",
}

ASKED_IN_ENGLISH = (
    ("What dose of warfarin should a frail 80-year-old start with?", "Warfarin: starting"),
    ("How often do we check the INR?", "Warfarin: monitoring"),
    ("The INR is 7 and the patient is bleeding, what now?", "Warfarin: INR too high"),
    ("When must apixaban be stopped prior to an operation?", "Before surgery"),
    ("At which temperature are vaccines kept?", "Refrigerators"),
    ("What happens to the stock of a refrigerator after the power has failed?", "Power failure"),
    ("How long can I use an insulin vial once opened?", "Opened vials"),
    ("Who counts the controlled drugs?", "Controlled drugs"),
    ("May I lift someone who has fallen?", "After a fall"),
    ("Which patients need a yellow wristband?", "High risk"),
    ("Why not use alcohol rub with difficile?", "Hand hygiene"),
    ("I pricked myself with a needle", "Needle injuries"),
    ("How fast must red cells be transfused?", "Running time"),
    ("Are children allowed to visit?", ""),
    ("How long are the records of children retained?", "Retention"),
    ("Whom do I phone when the system is down at night?", "Telephone"),
    ("needle injury", "Needle injuries"),
    ("how often is a catheter changed", "Catheters"),
    ("rise of temperature during the transfusion of platelets", "Reactions"),
    ("Can I erase an entry that is wrong?", "Corrections"),
)
ASKED_IN_CHINESE = (
    ("八十岁的老人华法林从多少毫克开始？", "华法林起始剂量"),
    ("多久测一次国际标准化比值？", "国际标准化比值监测"),
    ("华法林患者出血了，数值大于5怎么办", "数值过高的处理"),
    ("手术前阿哌沙班什么时候停？", "术前停药"),
    ("疫苗应该保存在什么温度？", "冰箱温度"),
    ("停电以后冰箱里的药怎么处理？", "停电"),
    ("胰岛素开封以后能用几天？", "已开封的药瓶"),
    ("麻醉药品由谁清点？", "麻醉药品"),
    ("病人跌倒了可以搬动吗？", "跌倒之后"),
    ("哪些患者要戴黄色腕带？", "高危患者"),
    ("为什么接触艰难梭菌不能用酒精洗手", "手卫生"),
    ("被针扎伤后要多久内报告？", "针刺伤"),
    ("红细胞多长时间内输完？", "输注时间"),
    ("小孩可以来探视吗？", ""),
    ("儿童的病历保存多少年？", "保存期限"),
    ("夜里系统停机找谁？", "电话"),
    ("输血时发热了怎么办？", "不良反应"),
    ("复印病案要钱吗？", "患者申请复印"),
    ("尿管几天换一次？", "导尿管"),
    ("脏床单怎么洗？", "被服"),
)
NOT_THERE = (
    "What is the maximum dose of paracetamol in liver failure?",
    "Who is the president of the medical society?",
    "How do I replace the toner of the printer?",
    "Which antibiotic is given for meningitis?",
    "What does a private room cost?",
    "对乙酰氨基酚的最大剂量是多少？",
    "院长是哪一位？",
    "打印机的墨盒怎么换？",
    "脑膜炎用哪种抗生素？",
    "单人病房每天多少钱？",
)


def write(folder, documents):
    """Put documents into a folder, in UTF-8."""
    for name, text in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder

"""Headers in English and Chinese, whole and compound; values confirm and correct them, to the safer side."""

from __future__ import annotations

import pytest

from onprem.formats import headers, placing, values, vocabulary
from onprem.formats.contract import Placement, ReadOptions
from onprem.formats.values import Looks
from onprem.labels import Label
from onprem.model import Kind

L = Label
PATIENT, STAFF, NOBODY = "patient", "staff", ""

# Every row of the tables of identifiers (HIPAA A-R; the Chinese table) as exports name them.
IDENTIFIERS = [
    (
        "patient_name PatientName PT_NAME 姓名 患者姓名 XM BRXM hzxm First_Name surname 姓名拼音 病人姓名",
        L.NAME,
        PATIENT,
    ),
    (
        "mother_name emergency_contact_name LXR 联系人 联系人姓名 母亲姓名 监护人姓名 next_of_kin 家属姓名",
        L.NAME,
        PATIENT,
    ),
    (
        "attending 主治医师 YSXM 签名 nurse 责任护士 ordering_provider surgeon_name 主刀医师签名 操作员 signed_by",
        L.NAME,
        STAFF,
    ),
    ("address home_address 家庭住址 现住址 JTZZ XZZ JZDZ 户口地址 street zip_address 居住地址", L.ADDRESS, PATIENT),
    ("city county 区县", L.CITY, NOBODY),
    ("zip zipcode 邮编 postal_code patient_zip", L.POSTCODE, NOBODY),
    ("hospital facility_name 医院名称 医疗机构 care_site_name", L.HOSPITAL, STAFF),
    ("employer GZDW 工作单位 school_name", L.ORGANISATION, PATIENT),
    ("dob birth_date CSRQ 出生日期 BirthDate date_of_birth 生日", L.BIRTH_DATE, PATIENT),
    (
        "admission_date RYRQ CYRQ 入院日期 出院时间 charttime admittime discharge_dt "
        "DEATHDATE 手术日期 visit_start_date",
        L.DATE,
        NOBODY,
    ),
    ("age 年龄 NL anchor_age patient_age", L.AGE, NOBODY),
    ("phone LXDH 联系电话 手机号码 LXRDH mobile emergency_contact_phone 联系人手机号码1 home_phone", L.PHONE, PATIENT),
    ("fax fax_number 传真", L.FAX, NOBODY),
    ("email 邮箱 wechat 微信号", L.EMAIL, PATIENT),
    ("ssn social_security_number", L.SSN, PATIENT),
    ("SFZH 身份证号 身份证号码 national_id 证件号码 nhs_number", L.NATIONAL_ID, PATIENT),
    ("passport_no 护照号", L.PASSPORT, PATIENT),
    ("mrn medical_record_number BAH 病案号 病历号 JZKH pat_mrn_id", L.RECORD_NUMBER, PATIENT),
    ("ZYH MZH JZH 住院号 门诊号 就诊号 hadm_id enc_csn visit_occurrence_id 就诊流水号", L.RECORD_NUMBER, PATIENT),
    ("pat_id subject_id person_id patient_id 患者ID HZID", L.RECORD_NUMBER, PATIENT),
    ("YBKH 医保卡号 社保号 member_id insurance_policy_number mbi", L.HEALTH_PLAN_NUMBER, PATIENT),
    ("account_number 银行卡号 发票号 invoice_no", L.ACCOUNT_NUMBER, PATIENT),
    ("npi dea_number attending_npi 执业证号", L.LICENCE_NUMBER, STAFF),
    ("drivers_license 驾驶证号 出生证号", L.LICENCE_NUMBER, PATIENT),
    ("license_plate vin 车牌号", L.VEHICLE_ID, PATIENT),
    ("device_serial_number udi imei 植入物编号", L.DEVICE_ID, PATIENT),
    ("url 网址", L.URL, NOBODY),
    ("ip_address mac_address 终端IP", None, None),
    ("fingerprint 指纹", L.BIOMETRIC, NOBODY),
    ("photo 照片", L.PHOTO, NOBODY),
    (
        "accession_number specimen_id barcode 检查号 影像号 标本号 条码号 病理号 处方号 医嘱号 id note_id",
        L.OTHER_ID,
        NOBODY,
    ),
    ("工号 employee_id provider_id", L.OTHER_ID, STAFF),
    ("bed CH 床号 room_number 病区", L.BED, NOBODY),
    ("民族 ethnicity race MZ", L.ETHNICITY, NOBODY),
    ("籍贯 出生地 birthplace JG", L.NATIVE_PLACE, NOBODY),
    ("职业 occupation ZY", L.OCCUPATION, NOBODY),
]
OTHERS = [
    (
        "sex 性别 XB gender 婚姻状况 diagnosis_code ICD10 诊断编码 科室 KS test_name valuenum 血压(mmHg) heart_rate "
        "体重kg drug_name 检验项目 药品名称 结果单位 blood_type HEALTHCARE_EXPENSES gender_concept_id 住院天数",
        Kind.CLINICAL,
    ),
    (
        "note note_text 病程记录 BCJL 主诉 现病史 ZS XBS remark comments 备注 impression 出院小结 discharge_summary "
        "检查所见 note_2 description 诊疗经过 过敏史 入院情况",
        Kind.TEXT,
    ),
]


@pytest.mark.parametrize(
    ("header", "label", "roster"),
    [(header, label, roster) for names, label, roster in IDENTIFIERS for header in names.split()],
)
def test_identifying_headers(header: str, label: Label | None, roster: str | None) -> None:
    placement = headers.place(header)
    assert placement is not None
    assert placement.kind is Kind.IDENTIFIER
    if label is not None:
        assert (placement.label, placement.roster) == (label, roster)


@pytest.mark.parametrize(("header", "kind"), [(header, kind) for names, kind in OTHERS for header in names.split()])
def test_other_headers(header: str, kind: Kind) -> None:
    placement = headers.place(header)
    assert placement is not None
    assert placement.kind is kind


@pytest.mark.parametrize(
    "header",
    [
        "門診號",
        "姓　名",
        "ＸＭ",
        " Patient-Name ",
        "patient.name",
        "patientName",
        "Dx1",
        "体重(kg)",
        "sex (M/F)",
        "patient's name",
    ],
)
def test_forms_of_known_headers_are_known(header: str) -> None:
    assert headers.is_known(header)


@pytest.mark.parametrize(
    "header",
    [
        "姓名(王小明)",
        "note_20240305",
        "Ann Lee",
        "王小明",
        "Ann's note",
        "Lee_phone",
        "zzq",
        "",
        "x" * 200,
        "13800138000",
        "体重(Ann)",
    ],
)
def test_headers_that_may_hold_a_value_are_not_known(header: str) -> None:
    assert not headers.is_known(header)


def test_a_compound_header_with_an_unknown_word_is_placed_but_not_shown() -> None:
    placement = headers.place("zzq_phone")
    assert placement is not None
    assert placement.label is L.PHONE
    assert not headers.is_known("zzq_phone")


def test_a_relatives_number_is_no_key_of_the_patient() -> None:
    for header in ("母亲身份证号", "guardian_ssn", "mother_mrn", "监护人身份证号码"):
        placement = headers.place(header)
        assert placement is not None
        assert placement.key == ""


def test_no_name_is_in_two_groups() -> None:
    seen: dict[str, str] = {}
    for group, names in vocabulary.names().items():
        for name in filter(None, names):
            folded = headers.fold(name)
            assert seen.setdefault(folded, group) == group, name
    for answers in vocabulary.ambiguous().values():
        assert set(answers.values()) <= set(vocabulary.placements())
    for table in vocabulary.heads().values():
        assert set(table.values()) <= set(vocabulary.placements())


ZH_NAMES = ["王小明", "李四", "欧阳娜娜", "张伟", "刘洋"]
EN_NAMES = ["Ann Lee", "SMITH, JOHN", "Maria Garcia", "John Smith", "David O'Neil"]
IDS = ["11010519491231002X", "440524188001010014"]


@pytest.mark.parametrize(
    ("sample", "looks", "label"),
    [
        (ZH_NAMES, Looks.IDENTIFIER, L.NAME),
        (EN_NAMES, Looks.IDENTIFIER, L.NAME),
        (IDS, Looks.IDENTIFIER, L.NATIONAL_ID),
        (["１１０１０５１９４９１２３１００２Ｘ"], Looks.IDENTIFIER, L.NATIONAL_ID),
        (["13800138000", "139 0013 9000"], Looks.IDENTIFIER, L.PHONE),
        (["(617) 555-0100", "617-555-0199"], Looks.IDENTIFIER, L.PHONE),
        (["a@b.org", "", "c@d.com"], Looks.IDENTIFIER, L.EMAIL),
        (["2024-03-05", "2024/3/6 10:20:00"], Looks.IDENTIFIER, L.DATE),
        (["2024年3月5日", "二〇二四年三月五日"], Looks.IDENTIFIER, L.DATE),
        (["5-Mar-2024", "March 5, 2024"], Looks.IDENTIFIER, L.DATE),
        (["20240305", "20240306"], Looks.IDENTIFIER, L.DATE),
        (["123-45-6789"], Looks.IDENTIFIER, L.SSN),
        (["北京市朝阳区建国路1号", "上海市浦东新区世纪大道2号"], Looks.IDENTIFIER, L.ADDRESS),
        (["12 Main Street", "3 Oak Ave Apt 2"], Looks.IDENTIFIER, L.ADDRESS),
        (["患者今日入院，胸闷三天，无发热。"], Looks.PROSE, None),
        (["seen today for chest pain that began last week"], Looks.PROSE, None),
        (["7.2", "8.1", "<0.5"], Looks.MEASURE, None),
        (["120/80", "130/85 mmHg"], Looks.MEASURE, None),
        (["I10", "E11.9", "J45.909"], Looks.CODE, None),
        (["阳性", "阴性", "-"], Looks.CLOSED, None),
        (["M", "F"], Looks.CLOSED, None),
        (["100234", "100235", "100236"], Looks.LONG_NUMBER, None),
        (["1002341", "1002352", "1002363"], Looks.SERIAL, None),
        (["39.9042", "31.2304"], Looks.LONG_NUMBER, None),
        (["高血压", "高脂血症", "黄疸", "白内障"], Looks.OTHER, None),
        (["ABC123X", "DEF456Y"], Looks.OTHER, None),
        (["", "  ", "N/A"], Looks.EMPTY, None),
    ],
)
def test_what_values_look_like(sample: list[str], looks: Looks, label: Label | None) -> None:
    evidence = values.judge(sample)
    assert (evidence.looks, evidence.label) == (looks, label)


@pytest.mark.parametrize(
    ("header", "sample", "kind", "label"),
    [
        ("zzq", ["Heart block", "Asthma"], Kind.UNKNOWN, None),
        ("zzq", ["100234", "100235"], Kind.UNKNOWN, None),
        ("zzq", [], Kind.UNKNOWN, None),
        ("", ["7.2", "8.1"], Kind.CLINICAL, None),
        ("", ZH_NAMES, Kind.IDENTIFIER, L.NAME),
        # a harmless header over identifying values
        ("status", EN_NAMES, Kind.IDENTIFIER, L.NAME),
        ("备注", ZH_NAMES, Kind.IDENTIFIER, L.NAME),
        ("sex", IDS, Kind.IDENTIFIER, L.NATIONAL_ID),
        ("result", ["13800138000", "13900139000"], Kind.IDENTIFIER, L.PHONE),
        ("score", ["2024-03-05"], Kind.IDENTIFIER, L.DATE),
        ("type", ["10023411", "10023522", "10023633"], Kind.UNKNOWN, None),
        ("diagnosis", ["seen today for chest pain that began last week"], Kind.TEXT, None),
        ("zzq_result", ["Lee", "Bo"], Kind.UNKNOWN, None),
        # clinical columns stay clinical
        ("诊断", ["高血压", "高脂血症", "黄疸"], Kind.CLINICAL, None),
        ("platelets", ["250000", "198000", "301000"], Kind.CLINICAL, None),
        ("snomed_code", ["386661006", "271737000", "59621000"], Kind.CLINICAL, None),
        # an identifying header stays so whatever the values; their label may be better
        ("name", IDS, Kind.IDENTIFIER, L.NATIONAL_ID),
        ("name", ["see note for the name of this patient, please"], Kind.IDENTIFIER, L.NAME),
        ("age", ["1961-02-03"], Kind.IDENTIFIER, L.BIRTH_DATE),
        ("mrn", [], Kind.IDENTIFIER, L.RECORD_NUMBER),
        # ambiguous headers
        ("ZY", ["农民", "教师"], Kind.IDENTIFIER, L.OCCUPATION),
        ("ZY", ["患者今日入院，胸闷三天，无发热。"], Kind.TEXT, None),
        ("MZ", ["汉族", "回族"], Kind.IDENTIFIER, L.ETHNICITY),
        ("JG", ["7.2", "3.1"], Kind.CLINICAL, None),
        ("JG", ["山东济南"], Kind.IDENTIFIER, L.NATIVE_PLACE),
        ("time", ["10:20", "11:05"], Kind.CLINICAL, None),
        ("time", ["2024-03-05 10:20"], Kind.IDENTIFIER, L.DATE),
        ("单位", ["mg", "ml"], Kind.CLINICAL, None),
        ("contact", ["617-555-0100"], Kind.IDENTIFIER, L.PHONE),
        ("contact", ["Ann Lee"], Kind.IDENTIFIER, L.NAME),
    ],
)
def test_header_and_values_together(header: str, sample: list[str], kind: Kind, label: Label | None) -> None:
    placement = headers.place_by_values(header, sample)
    assert (placement.kind, placement.label) == (kind, label)


def placed(names: list[str], *rows: list[str]) -> list[Placement]:
    samples = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]
    return [item.placement for item in placing.place_columns(names, samples, ReadOptions())]


def test_a_list_of_staff_is_told_from_a_list_of_patients() -> None:
    staff = placed(["工号", "姓名", "职称", "联系电话"], ["1001", "王小明", "主任医师", "13800138000"])
    assert [item.roster for item in staff] == ["staff", "staff", "", "staff"]
    assert [item.roster for item in placed(["name", "role", "email"], ["Ann Lee", "Nurse", "a@b.org"])] == [
        "staff",
        "",
        "staff",
    ]
    patients = placed(["patient_id", "name", "attending"], ["p1", "Ann Lee", "Bo Chen"])
    assert [item.roster for item in patients] == ["patient", "patient", "staff"]
    staff_with_birth = placed(["employee_id", "name", "dob", "ssn"], ["e1", "Ann Lee", "1961-02-03", "123-45-6789"])
    assert {item.roster for item in staff_with_birth} == {"staff"}
    assert not any(item.key for item in staff_with_birth)


def test_the_id_of_a_table_of_patients_is_their_key() -> None:
    assert placed(["Id", "BIRTHDATE", "FIRST", "LAST"])[0] == Placement(
        Kind.IDENTIFIER, L.RECORD_NUMBER, "patient", "patient"
    )
    assert placed(["id", "note"])[0] == Placement(Kind.IDENTIFIER, L.OTHER_ID)


def test_a_name_is_a_key_only_without_a_better_one() -> None:
    assert placed(["patient", "note"], ["Ann Lee", "well"])[0].key == "patient"
    assert [item.key for item in placed(["patient", "patient_id"], ["Ann Lee", "p1"])] == ["", "patient"]


def test_a_field_is_repr_safe_and_empty_cells_are_not_held() -> None:
    unknown = placing.UNPLACED
    assert placing.field("col#1", "", unknown).kind is Kind.CLINICAL
    assert placing.field("col#1", "secret", unknown).kind is Kind.UNKNOWN
    assert "secret" not in repr(placing.field("col#1", "secret", unknown))

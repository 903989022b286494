"""Tasks and questions in the languages that settings may name."""

# ruff: noqa: RUF001  letters of other languages that look like those of English

import pytest

from pipeline.text.asks import asks_something, asks_yes_or_no, has_task

TASKS = [
    "Erkläre die Photosynthese in drei Sätzen.",
    "Bitte beschreiben Sie den Aufbau einer Zelle.",
    "Nenne zwei Ursachen des Ersten Weltkriegs.",
    "Berechnen Sie den Umfang eines Kreises mit dem Radius 3.",
    "Wie funktioniert ein Viertaktmotor",
    "Expliquez la photosynthèse en trois phrases.",
    "Décris le rôle de la Cour de cassation.",
    "Rédigez un texte sur les abeilles.",
    "Explica la fotosíntesis en tres frases.",
    "Describa las causas de la guerra civil.",
    "Spiega la fotosintesi in tre frasi.",
    "Descrivi il ruolo della Corte.",
    "Explique a fotossíntese em três frases.",
    "Descreva o papel das abelhas na agricultura.",
    "Leg de fotosynthese uit in drie zinnen.",
    "Beschrijf de rol van het parlement.",
    "Förklara fotosyntesen i tre meningar.",
    "Forklar fotosyntesen i tre sætninger.",
    "Beskriv fotosyntesen på tre linjer.",
    "Wyjaśnij fotosyntezę w trzech zdaniach.",
    "Opisz rolę pszczół w rolnictwie.",
    "Vysvětlete fotosyntézu ve třech větách.",
    "Explică fotosinteza în trei propoziții.",
    "Fotosentezi üç cümleyle açıklayınız.",
    "Hãy giải thích quang hợp trong ba câu.",
    "Jelaskan fotosintesis dalam tiga kalimat.",
    "Selitä fotosynteesi kolmella lauseella.",
    "Magyarázd el a fotoszintézist három mondatban.",
    "Объясните фотосинтез в трёх предложениях.",
    "Поясніть фотосинтез трьома реченнями.",
    "Εξηγήστε τη φωτοσύνθεση σε τρεις προτάσεις.",
    "Τι είναι η φωτοσύνθεση;",
    "اشرح عملية البناء الضوئي في ثلاث جمل.",
    "لماذا تبدو السماء زرقاء في النهار؟",
    "فتوسنتز را در سه جمله توضیح دهید.",
    "הסבר את תהליך הפוטוסינתזה בשלושה משפטים.",
    "प्रकाश संश्लेषण को तीन वाक्यों में समझाइए।",
    "भारत के संविधान का वर्णन करें।",
    "সালোকসংশ্লেষণ তিন বাক্যে ব্যাখ্যা করো।",
    "ஒளிச்சேர்க்கையை மூன்று வாக்கியங்களில் விளக்குக.",
    "จงอธิบายการสังเคราะห์แสงในสามประโยค",
    "ทำไมท้องฟ้าเป็นสีฟ้า",
    "为什么天空是蓝色的？请详细说明光的散射原理。",
    "请用三句话解释光合作用。",
    "試述光合作用的過程。",
    "日本で一番高い山は何ですか。",
    "光合成を三つの文で説明してください。",
    "次の文を英語に訳しなさい。",
    "광합성을 세 문장으로 설명하시오.",
    "하늘은 왜 파란가요.",
    "ফটোসিন্থেসিস কী?",
    "ፎቶሲንተሲስ ምንድን ነው፧",
    "ახსენით ფოტოსინთეზი სამ წინადადებაში.",
    "Explain photosynthesis in three sentences.",
    "Using the data, compute the mean.",
]


@pytest.mark.parametrize("text", TASKS)
def test_tasks_are_known_in_many_languages(text: str) -> None:
    assert has_task(text)


NO_TASKS = [
    "The Roman army changed over three centuries.",
    "Photosynthesis in plants",
    "The die was cast, and the dove came to the man in the water.",
    "Die Photosynthese ist ein Prozess in den Zellen der Pflanzen.",
    "Les abeilles récoltent le nectar et font du miel.",
    "Las abejas son insectos que viven en colonias.",
    "Le api sono insetti che vivono in colonie.",
    "As abelhas são insetos que vivem em colônias.",
    "De bijen zijn insecten die in kolonies leven.",
    "Pszczoły są owadami, które żyją w koloniach.",
    "Пчёлы живут в больших семьях и собирают нектар.",
    "النحل حشرات تعيش في مستعمرات.",
    "蜜蜂是一种会飞行的群居昆虫。",
    "ミツバチは花の蜜を集める昆虫である。",
    "꿀벌은 꽃의 꿀을 모으는 곤충이다.",
    "मधुमक्खियाँ फूलों से रस जमा होती हैं।",
    "ผึ้งเป็นแมลงที่อยู่รวมกันเป็นฝูง",
    "12345",
]


@pytest.mark.parametrize("text", NO_TASKS)
def test_statements_set_no_task(text: str) -> None:
    assert not has_task(text)


YES_NO = {
    "Is honey sweet?": True, "Do bees, which fly, make honey?": True, "In spring, do bees fly?": True,
    "What is honey?": False, "Bees make honey?": False, "Is honey sweet.": False,
    "Les abeilles font-elles du miel ?": True, "Est-ce que les abeilles font du miel ?": True,
    "Que font les abeilles ?": False, "Pourquoi les abeilles font-elles du miel ?": False,
    "Machen die Bienen Honig?": True, "Was machen die Bienen im Winter?": False,
    "¿Hacen miel las abejas?": True, "¿Qué hacen las abejas en el invierno?": False,
    "Le api fanno il miele?": True, "Che cosa fanno le api?": False,
    "Maken bijen honing in de winter?": True, "Czy pszczoły robią miód?": True,
    "Co robią pszczoły w zimie?": False,
    "Делают ли пчёлы мёд?": True, "Что делают пчёлы?": False,
    "هل يصنع النحل العسل؟": True, "ماذا يصنع النحل؟": False,
    "क्या मधुमक्खियाँ शहद बनाती हैं?": True, "मधुमक्खियाँ कहाँ रहती हैं?": False,
    "蜜蜂会酿蜜吗\uff1f": True, "蜜蜂是否会酿蜜\uff1f": True, "蜜蜂采集什么\uff1f": False,
    "ミツバチは蜜を集めますか?": True, "꿀벌은 꿀을 모읍니까?": True, "꿀벌은 무엇을 모읍니까?": False,
    "ผึ้งทำน้ำผึ้งไหม?": True, "האם דבורים מייצרות דבש?": True, "Arılar bal yapar m\u0131?": True,
    "Arılar ne yapar?": False,
    "Apakah lebah membuat madu?": True, "Apa yang dibuat lebah?": False,
    "Κάνουν οι μέλισσες μέλι;": True,
}  # fmt: skip


@pytest.mark.parametrize("text", YES_NO)
def test_questions_for_yes_or_no_are_known_in_many_languages(text: str) -> None:
    assert asks_yes_or_no(text) is YES_NO[text]


def test_a_question_of_english_has_its_mark_and_one_of_another_language_may_lack_it() -> None:
    assert asks_something("日本で一番高い山は何ですか。")
    assert asks_something("Was machen die Bienen im Winter")
    assert not asks_something("What is the name of the bee")
    assert not asks_something("蜜蜂是一种会飞行的群居昆虫。")

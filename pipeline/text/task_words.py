"""The words by which languages ask and set tasks: data for pipeline/text/asks.py.

From the closed classes in grammars: interrogatives (WALS chapter 93; Wiktionary's categories of interrogative
pronouns and adverbs) and the imperatives, infinitives and polite forms that school tasks are set with. Small
on purpose: a question mark asks by itself, so these are for tasks without one.

`first`: asks at the beginning of a sentence. `anywhere`: asks wherever it stands; of languages whose verb
comes last, or that have no spaces. `yes_no`: begins or marks a question for yes or no. `common`: the most
frequent words, by which languages with one script are told apart.
"""

# ruff: noqa: RUF001  letters of other languages that look like those of English

from dataclasses import dataclass


@dataclass(frozen=True)
class TaskWords:
    common: str = ""
    asking: str = ""  # interrogatives, as alternatives of a regular expression
    first: str = ""
    anywhere: str = ""
    yes_no: str = ""


ENGLISH_COMMON = (
    "the of and to is in that for with as are it this on by be an was from or which a at has have not"
)

LATIN = {
    "de": TaskWords(
        "der die das und ist ein eine einen zu den mit von für auf im des dem nicht sich wie als in drei"
        " zwei",
        "was|wer|wen|wem|wessen|wie|wo|wohin|woher|warum|weshalb|wieso|wann|welche[rsnm]?|wieviele?"
        "|wodurch|womit|worin|wozu",
        r"(?:erkläre?|beschreibe?|nenne?|schreibe?|berechne|vergleiche?|analysiere|begründe|übersetze?"
        r"|erläutere|definiere"
        r"|fasse?|gib|geben|liste|löse?|diskutiere|erstelle?|entwirf|zeige?|bestimme?|formuliere|ordne"
        r"|bewerte|skizziere"
        r"|untersuche?|entwickle|finde?|wähle?|zähle?|stelle?|verfasse?|interpretiere|leite|beweise?"
        r"|ergänze?|korrigiere"
        r"|nimm|bitte|zeichne|implementiere|ermittle|führe?|sage?|beurteile?|unterscheide?|überlege?"
        r"|erörtere|charakterisiere)n?",
    ),
    "fr": TaskWords(
        "le la les des du et est un une que pour dans en avec sur qui par ce au aux pas plus de elle"
        " elles il font",
        "qui|quoi|où|quand|comment|pourquoi|combien|quels?|quelles?|lesquel(?:le)?s?|laquelle|qu['’"
        " ]est-ce|\\Aque",
        r"(?:expliqu|décri|donn|list|calcul|compar|analys|rédig|résum|tradui|défini|justifi|propos"
        r"|identifi|discut|énumér"
        r"|montr|démontr|trouv|nomm|imagin|cré|complét|corrig|classe|rempla|racont|indiqu|cit|présent"
        r"|détermin|évalu|commen|résolv"
        r"|prouv|illustr|reformul|formul|choisi|dessin|programm|répond|interprét|écri|précis|fai|di"
        r"|établi)(?:e|ez|er|s|sez|vez|ves|re"
        r"|tes|sons|t|ve|vs)?|veuillez|pouvez-vous|peux-tu",
        yes_no=r"\Aest-ce que|\Aest-ce qu['’]\w+",
    ),
    "es": TaskWords(
        "el la los las de del y es un una que en con por para se su al como más no lo tres",
        "qué|quién(?:es)?|cómo|dónde|cuándo|por qué|cuál(?:es)?|cuánt[oa]s?|adónde",
        r"(?:expli(?:ca|que)|descri(?:be|ba)|enumer[ae]|escrib[ae]|calcul[ae]|compar[ae]|analiz?[ac]?e?"
        r"|resum[ea]|traduc[ea]"
        r"|traduzca|defin[ea]|justifi(?:ca|que)|propon(?:ga)?|identifi(?:ca|que)|discut[ea]|mencion[ae]"
        r"|encuentr[ae]"
        r"|da|dé|di|diga|haz|haga|crea|cree|complet[ae]|corrige|corrija|indi(?:ca|que)|determin[ae]"
        r"|evalú[ae]|resuelv[ea]"
        r"|demuestr[ae]|nombr[ae]|elabor[ae]|redact[ae]|desarroll[ae]|señal[ae]|clasifi(?:ca|que)"
        r"|diseñ[ae]|cuent[ae]|elig[ea])n?"
        r"|por favor",
    ),
    "it": TaskWords(
        "il lo la gli le di del della e è un una che per con in non si nel sono da al dei tre",
        "che cosa|\\Ache|cosa|chi|come|dove|quando|perché|qual[ei]?|quant[oaie]|qual è",
        r"(?:spiega|descrivi|elenca|scrivi|calcola|confronta|analizza|riassumi|traduci|definisci"
        r"|giustifica|proponi|identifica"
        r"|discuti|indica|trova|dai|fornisci|crea|completa|correggi|determina|valuta|risolvi|dimostra"
        r"|nomina|illustra|racconta"
        r"|scegli|fai|elabora|esponi|sviluppa|progetta|rispondi)(?:re|te)?|per favore",
    ),
    "pt": TaskWords(
        "o a os as de do da dos das e é um uma que em no na com para por se não ao como mais três",
        "o que|\\Aque|quem|como|onde|quando|por que|porque|qual|quais|quant[oa]s?",
        r"(?:expli(?:ca|que)|descrev[ea]|list[ae]|escrev[ae]|calcul[ae]|compar[ae]|analis[ae]|resum[ae]"
        r"|traduz(?:a)?|defin[ae]"
        r"|justifi(?:ca|que)|propon(?:ha)?|identifi(?:ca|que)|discut[ae]|mencion[ae]|encontr[ae]|dê|diga"
        r"|faça|cri[ae]"
        r"|complet[ae]|corrij[ae]|indi(?:ca|que)|determin[ae]|avali[ae]|resolv[ae]|demonstr[ae]"
        r"|elabor[ae]|redij[ae]|cite|enumere"
        r"|desenvolv[ae]|apresent[ae]|cont[ae])m?|por favor",
    ),
    "nl": TaskWords(
        "de het een en is van in op te dat met voor zijn niet aan er om als bij ook wordt drie",
        "wat|wie|waar|wanneer|waarom|hoe|welke?|hoeveel|waardoor|waarvoor",
        r"leg|verklaar|beschrijf|noem|schrijf|bereken|vergelijk|analyseer|vat|vertaal|definieer|licht"
        r"|geef|maak|los|bespreek"
        r"|bepaal|toon|vind|kies|rangschik|verbeter|ontwerp|stel|bewijs|formuleer|beoordeel|onderzoek|vul"
        r"|vertel",
    ),
    "sv": TaskWords(
        "och att det som en är på för av med den till inte om ett har i de tre",
        "vad|vem|vilka|vilken|vilket|var|när|varför|hur|vart",
        r"förklara|beskriv|nämn|skriv|beräkna|jämför|analysera|sammanfatta|översätt|definiera|ge|gör|lös"
        r"|diskutera|lista"
        r"|bestäm|visa|hitta|välj|rätta|motivera|redogör|skapa|utforma|bevisa|räkna|berätta|föreslå",
    ),
    "da": TaskWords(
        "og at det som en er på for af med den til ikke om et har i de der tre",
        "hvad|hvem|hvilken|hvilket|hvilke|hvor|hvornår|hvorfor|hvordan",
        r"forklar|beskriv|nævn|skriv|beregn|sammenlign|analyser|opsummer|oversæt|definer|giv|gør|løs"
        r"|diskuter|bestem|vis|find"
        r"|vælg|ret|begrund|redegør|lav|udform|bevis|fortæl|foreslå",
    ),
    "no": TaskWords(
        "og at det som en er på for av med den til ikke om et har i de tre",
        "hva|hvem|hvilken|hvilket|hvilke|hvor|når|hvorfor|hvordan",
        r"forklar|beskriv|nevn|skriv|beregn|sammenlign|analyser|oppsummer|oversett|definer|gi|gjør|løs"
        r"|diskuter|bestem|vis|finn"
        r"|velg|rett|begrunn|redegjør|lag|utform|bevis|fortell|foreslå",
    ),
    "pl": TaskWords(
        "i w na z do się nie jest to że o jak od po za ze oraz przez dla są trzech",
        "co|kto|kogo|jak|gdzie|kiedy|dlaczego|czemu|jaki|jaka|jakie|który|która|które|ile|skąd",
        r"(?:wyjaśnij|opisz|wymień|napisz|oblicz|porównaj|przeanalizuj|streść|podsumuj|przetłumacz"
        r"|zdefiniuj|podaj|uzasadnij"
        r"|rozwiąż|omów|stwórz|wskaż|określ|znajdź|wybierz|popraw|zaproponuj|udowodnij|przedstaw"
        r"|uzupełnij|oceń|zaprojektuj)(?:cie)?|proszę",
        yes_no="czy",
    ),
    "cs": TaskWords(
        "a v na se je že s z do o k jak pro za ve po od by jsou nebo třech",
        "co|kdo|jak|kde|kdy|proč|jaký|jaká|jaké|který|která|které|kolik|kam",
        r"(?:vysvětl[ei]?|popiš|vyjmenuj|napiš|vypočítej|spočítej|porovnej|analyzuj|shrň|přelož|definuj"
        r"|uveď|zdůvodni|vyřeš|navrhni"
        r"|urči|najdi|vyber|oprav|dokaž|vytvoř|zhodnoť|doplň)(?:te)?|prosím",
        yes_no="zda|je|jsou|může|mohou",
    ),
    "ro": TaskWords(
        "și de la în a cu este pe un o că nu pentru din mai sunt se al ale trei",
        "ce|cine|cum|unde|când|de ce|care|cât[ăe]?|câți",
        r"(?:explică|descrie|enumeră|scrie|calculează|compară|analizează|rezumă|traduce|tradu|definește"
        r"|dă|justifică|rezolvă|discută"
        r"|creează|indică|determină|găsește|alege|corectează|propune|demonstrează|prezintă|completează"
        r"|evaluează)(?:ți)?|vă rog",
        yes_no="oare",
    ),
    "tr": TaskWords(
        "ve bir bu da de için ile ne olarak olan daha çok gibi var en kadar üç",
        "ne|kim|nasıl|nerede|nereye|neden|niçin|niye|hangi|kaç|ne zaman|nedir|kimdir|hangisi",
        "",
        r"(?:açıkla|anlat|yaz|listele|hesapla|karşılaştır|tanımla|çevir|özetle|ver|sırala|bul|belirt"
        r"|tartış|oluştur|göster|çöz|değerlendir"
        r"|seç|düzelt|analiz et|ispatla|tasarla|tamamla|örnekle)(?:y?[ıiuü]n(?:[ıiuü]z)?)?|nedir|nelerdir"
        r"|lütfen",
        r"m[ıiuü](?:d[ıiuü]r|y[ıiuü]m|s[ıiuü]n(?:[ıiuü]z)?)?",
    ),
    "vi": TaskWords(
        "là của và các có được trong cho một những với không người này đã để khi về câu",
        "gì|ai|đâu|khi nào|tại sao|vì sao|sao|thế nào|như thế nào|nào|bao nhiêu|mấy|bao lâu",
        r"hãy|giải thích|mô tả|liệt kê|viết|tính|so sánh|phân tích|tóm tắt|dịch|định nghĩa|nêu|trình bày"
        r"|giải|kể|cho biết|chứng minh"
        r"|vui lòng|xin|đề xuất|tìm|xác định",
        r"hãy|gì|tại sao|vì sao|thế nào|bao nhiêu",
        "có phải|không|chưa|phải không",
    ),
    "id": TaskWords(
        "apakah yang dan di dari untuk dengan ini itu adalah pada ke dalam tidak akan oleh sebagai atau"
        " juga tiga",
        "apa|siapa|bagaimana|di mana|dimana|kapan|mengapa|kenapa|berapa|yang mana|apa saja",
        r"(?:jelaskan|uraikan|sebutkan|tulis(?:kan)?|hitung(?:lah)?|bandingkan|analisis|ringkas(?:lah)?"
        r"|rangkum|terjemahkan"
        r"|definisikan|berikan|buat(?:lah|kan)?|tentukan|selesaikan|diskusikan|temukan|pilih(?:lah)?"
        r"|perbaiki|tunjukkan|buktikan"
        r"|gambarkan|ceritakan|sarankan|tolong|lengkapi)",
        yes_no="apakah|bisakah|adakah|haruskah|bolehkah",
    ),
    "fi": TaskWords(
        "ja on ei se että hän joka oli ovat kuin mutta tai niin myös sen kolmella",
        "mikä|mitä|mitkä|kuka|ketkä|missä|mistä|mihin|milloin|miksi|miten|kuinka|kumpi|millainen|millä",
        r"(?:selitä|kuvaile|luettele|kirjoita|laske|vertaa|analysoi|tiivistä|käännä|määrittele|anna"
        r"|perustele|ratkaise|pohdi|laadi"
        r"|mainitse|nimeä|etsi|valitse|korjaa|osoita|todista|ehdota|kerro|tee|luo|suunnittele"
        r"|täydennä)(?:kaa)?",
        yes_no=r"\w+(?:ko|kö)",
    ),
    "hu": TaskWords(
        "a az és hogy nem is egy van ez azt meg de csak mint el vagy már három",
        "mi|mit|mik|ki|kik|hol|hová|honnan|mikor|miért|hogyan|milyen|melyik|mennyi|hány|mely",
        r"(?:magyarázd|írd|írj|sorold|számítsd|számold|hasonlítsd|elemezd|foglald|fordítsd|határozd|adj"
        r"|indokold|oldd|mutasd|nevezd"
        r"|találd|válaszd|javítsd|bizonyítsd|tervezz|készíts|mondd|fejtsd|jellemezd|ismertesd|vázold)"
        r"|kérem|kérlek",
        yes_no=r"vajon|\w+-e",
    ),
}
# Scripts whose languages are looked at together.
OTHER_SCRIPTS = {
    "Cyrillic": TaskWords(
        asking="что|кто|кого|как|где|куда|откуда|когда|почему|зачем|како[йе]|какая|какие|каков[аыо]?"
        "|сколько|чем|чего|який|яка|"
        "яке|які|що|хто|де|коли|чому|скільки|какво|кой|коя|кое|кои|къде|кога|защо|колко|шта|ко|како|зашто"
        "|који|која",
        first="(?:объясни|опиши|перечисли|напиши|вычисли|рассчитай|сравни|проанализируй|переведи|определи"
        "|назови|приведи|реши"
        "|докажи|обоснуй|расскажи|составь|предложи|укажи|найди|выбери|исправь|дай|дайте|создай"
        "|сформулируй|изложи|резюмируй"
        "|покажи|нарисуй|оцени|обсуди|придумай|раскрой|поясни|подбери|дополни)(?:те)?|объяснить|описать"
        "|написать|пожалуйста"
        "|(?:поясн|опиш|переліч|напиш|обчисл|порівня|проаналізу|переклад|визнач|назв|навед|розв['’]яж"
        "|довед|обґрунту"
        "|розкаж|склад|запропону|вкаж|знайд|створ)(?:и|іть|й|йте|ть)|дай|дайте|будь ласка"
        "|(?:обясни|опиши|избро[ий]|напиши|изчисли|сравни|анализирай|преведи|определи|посочи|дай|реши"
        "|докажи|състави)(?:те)?|моля"
        "|(?:objasni|објасни|наведи|упореди|израчунај)(?:те)?",
        yes_no="ли|чи|дали|да ли",
    ),
    "Greek": TaskWords(
        asking="τι|ποι[οόααάύήές]+ς?|πώς|πως|πού|πότε|γιατί|πόσ[οηαεςι]+",
        first="(?:εξήγησ|περίγραψ|γράψ|υπολόγισ|σύγκριν|ανάλυσ|μετάφρασ|όρισ|δώσ|απαρίθμησ|λύσ|βρες"
        "|βρείτε|συζήτησ|αναφέρ|δείξ|απόδειξ"
        "|πρότειν|συμπλήρωσ|περιγράψ|εξηγήσ|συγκρίν|αναλύσ|υπολογίσ)(?:ε|τε|ετε)?|παρακαλώ",
    ),
    "Arabic": TaskWords(
        asking="ما|ماذا|من|متى|أين|كيف|لماذا|لم|كم|أي|أية|چه|چی|کی|کجا|چرا|چگونه|چطور|کدام|چند|کیا|کون"
        "|کہاں|کب|کیوں|کیسے|کونسا|کتن[اےی]",
        first="اشرح|وضح|صف|اكتب|احسب|قارن|حلل|لخص|ترجم|عرف|عرّف|اذكر|عدد|عدّد|أعط|أعطِ|ناقش|اقترح|حدد"
        "|حدّد|حل|برهن|أثبت|بيّن|بين|علل"
        "|فسر|فسّر|ابحث|اختر|صحح|أكمل|صمم|أنشئ|استنتج|يرجى|من فضلك|قم|لماذا",
        anywhere="دهید|بنویسید|کنید|بگویید|ببرید|لطفا|لطفاً|کریں|لکھیں|بتائیں|دیں|کیجیے|لکھیے|بتائیے|چیست"
        "|کیست",
        yes_no="هل|آیا|أ\\w+|کیا",
    ),
    "Hebrew": TaskWords(
        asking="מה|מי|איפה|היכן|מתי|למה|מדוע|איך|כיצד|כמה|איזה|איזו|אילו|מהו|מהי|מהם|מהן|לאן",
        first="הסבר|הסבירו|הסבירי|תאר|תארו|כתוב|כתבו|כתבי|חשב|חשבו|השווה|השוו|נתח|נתחו|סכם|סכמו|תרגם"
        "|תרגמו|הגדר|הגדירו|ציין|ציינו"
        "|תן|תנו|מנה|מנו|פתור|פתרו|הוכח|הוכיחו|דון|דונו|הצע|הציעו|מצא|מצאו|בחר|בחרו|תקן|תקנו|השלם|השלימו"
        "|פרט|פרטו|נמק|נמקו|אנא|ספר|ספרו",
        yes_no="האם",
    ),
    "Devanagari": TaskWords(
        asking="क्या|कौन|कहाँ|कहां|कब|क्यों|कैसे|कैसा|कैसी|कितन[ाीे]|किस|किसे|किन|कौनसा|काय|कोण|कुठे|कधी"
        "|कसे|किती|के|किन|कसरी",
        anywhere="क्यों|कैसे|कौन|कहाँ|कितन[ाीे]|(?:समझा|बता|लिख|की|दी|कर|सुना|गिना|निका|बना|चु)(?:इए|इये"
        "|जिए|ओ|ओं|एँ|एं|िए|ें)|करें|दें|लिखो|लिखें"
        "|बताएं|बताएँ|समझाएं|समझाएँ|कीजिए|दीजिए|वर्णन|व्याख्या|कृपया|करा|लिहा|सांगा|स्पष्ट|गर्नुहोस्"
        "|लेख्नुहोस्",
        yes_no="क्या|का",
    ),
    "Bengali": TaskWords(
        asking="কী|কি|কে|কারা|কোথায়|কোথায়|কখন|কেন|কীভাবে|কিভাবে|কত|কোন|কেমন",
        anywhere="কেন|কীভাবে|কিভাবে|কোথায়|কোথায়|করুন|করো|কর|লিখুন|লেখো|লেখ|দিন|দাও|বলুন|বলো|বর্ণনা"
        "|ব্যাখ্যা|অনুগ্রহ",
        yes_no="কি",
    ),
    "Tamil": TaskWords(
        asking="என்ன|யார்|எங்கே|எங்கு|எப்போது|ஏன்|எப்படி|எவ்வாறு|எத்தனை|எவ்வளவு|எது|எந்த|எவை",
        anywhere="ஏன்|எப்படி|எவ்வாறு|என்ன|எழுதுக|எழுதவும்|எழுதுங்கள்|விளக்குக|விளக்கவும்|விளக்குங்கள்"
        "|கூறுக|கூறவும்|தருக|தரவும்|பட்டியலிடுக"
        "|ஒப்பிடுக|கணக்கிடுக|விவரிக்கவும்|விவரி|செய்க|செய்யவும்|மொழிபெயர்க்கவும்|சொல்லுங்கள்",
        yes_no=r"\w+(?:ா|ஆ)",
    ),
    "Thai": TaskWords(
        asking="อะไร|ใคร|ที่ไหน|เมื่อไร|เมื่อไหร่|เมื่อใด|ทำไม|อย่างไร|ยังไง|เท่าไร|เท่าไหร่|เท่าใด|กี่"
        "|ไหน|ใด|เพราะเหตุใด",
        anywhere="อะไร|ทำไม|อย่างไร|ยังไง|เท่าไร|เท่าไหร่|ที่ไหน|เมื่อไร|เมื่อใด|ใคร|หรือไม่|หรือเปล่า"
        "|ไหม|มั้ย|จง|อธิบาย|เขียน|บอก|คำนวณ|เปรียบเทียบ|วิเคราะห์"
        "|สรุป|แปล|ยกตัวอย่าง|กรุณา|โปรด|ช่วย|ให้เหตุผล|ระบุ|แสดง|เพราะเหตุใด|กี่",
        yes_no="ไหม|มั้ย|หรือไม่|หรือเปล่า|ใช่ไหม|หรือยัง",
    ),
    "Han": TaskWords(
        asking="什么|甚么|什麼|为什么|為什麼|为何|為何|怎么|怎麼|怎样|怎樣|如何|哪|谁|誰|几|幾|多少|多大|多长|多久|何时|何地|何处|何人",
        anywhere="什么|什麼|为何|為何|怎么|怎麼|怎样|怎樣|如何|哪些|哪个|哪個|哪里|谁|誰|多少|几个|幾個|吗|嗎|呢|是否|能否|可否"
        "|请|請|解释|解釋|说明|說明|描述|阐述|闡述|列出|列举|列舉|计算|計算|求|比较|比較|分析|翻译|翻譯|总结|總結|概括|证明|證明|讨论|討論|介绍|介紹|写一|寫一"
        "|写出|寫出|编写|編寫|设计|設計|给出|給出|举例|舉例|简述|簡述|论述|論述|判断|判斷|选择|選擇|填空|改写|改寫|试述|試述|谈谈|談談|告诉我|告訴我|帮我|幫我",
        yes_no="吗|嗎|是否|能否|可否|是不是|有没有|有沒有|会不会|會不會|能不能|对不对|對不對|可不可以",
    ),
    "Kana": TaskWords(
        asking="何|なに|なん|誰|だれ|どこ|どちら|いつ|なぜ|どうして|どう|どの|どれ|どんな|いくら|いくつ|何故",
        anywhere=r"(?:ます|です|でしょう|ません|した|る|の|だろう)か(?=[。、\s]|\Z)|なぜ|どうして|どのように|何ですか|何か(?=[。\s]|\Z)|ください|下さい"
        r"|なさい"
        "|せよ|述べよ|求めよ|示せ|答えよ|書け|教えて|説明して|挙げて|書いて|まとめて|考えて|お願い|とは(?=[。\\s]|\\Z)|しろ(?=[。\\s]|\\Z)|訳せ|比較して|頼む",
        yes_no=r"か(?=[。\s?]|\Z)",
    ),
    "Hangul": TaskWords(
        asking="무엇|뭐|뭘|누구|누가|어디|언제|왜|어떻게|어떤|어느|몇|얼마|무슨",
        anywhere="무엇|어떻게|왜|어디|누구|얼마|(?:습니까|ㅂ니까|입니까|합니까|니까|나요|가요|까요|는가|은가|인가|ㄹ까|을까|을까요|니)(?=[.\\s]|\\Z)"
        "|(?:세요|시오|해라|하라|해줘|주세요|줘|십시오|써라|보자|할 것)(?=[.\\s]|\\Z)",
        yes_no="",
    ),
}  # fmt: skip

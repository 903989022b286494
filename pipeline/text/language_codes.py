"""The languages that can be asked for, by their ISO 639 codes: those that langdetect has a profile of."""

import difflib

# ISO 639-1 code, the codes of ISO 639-2 and 639-3 and what else it is called by, the name in English
TABLE = """
af afr Afrikaans|ar ara Arabic|bg bul Bulgarian|bn ben Bengali|ca cat Catalan|cs ces,cze Czech
cy cym,wel Welsh|da dan Danish|de deu,ger German|el ell,gre Greek|en eng English|es spa Spanish
et est Estonian|fa fas,per,pes Persian
fi fin Finnish|fr fra,fre French|gu guj Gujarati|he heb,iw Hebrew|hi hin Hindi
hr hrv Croatian|hu hun Hungarian|id ind,in Indonesian|it ita Italian|ja jpn Japanese|kn kan Kannada
ko kor Korean|lt lit Lithuanian|lv lav,lvs Latvian|mk mkd,mac Macedonian|ml mal Malayalam|mr mar Marathi
ne nep,npi Nepali|nl nld,dut Dutch|no nor,nb,nob,nn,nno Norwegian|pa pan Punjabi|pl pol Polish
pt por Portuguese|ro ron,rum,mo Romanian|ru rus Russian|sk slk,slo Slovak|sl slv Slovenian|so som Somali
sq sqi,alb,als Albanian|sv swe Swedish|sw swa,swh Swahili|ta tam Tamil|te tel Telugu|th tha Thai
tl tgl,fil Tagalog|tr tur Turkish|uk ukr Ukrainian|ur urd Urdu|vi vie Vietnamese|zh zho,chi,cmn Chinese
zh-cn zh-hans,zh-sg Chinese (simplified)|zh-tw zh-hant,zh-hk,zh-mo Chinese (traditional)
"""
NAMES: dict[str, str] = {}  # code -> name in English
ALIASES: dict[str, str] = {}  # what else a language is called by -> code
for _entry in TABLE.replace("\n", "|").strip("|").split("|"):
    _code, _others, _name = _entry.split(" ", 2)
    NAMES[_code] = _name
    ALIASES.update(dict.fromkeys(_others.split(","), _code))


def code_of(said: str) -> str:
    """The code of NAMES for a code of ISO 639, with a region or without. Raises ValueError that names those
    there are.
    """
    key = said.strip().lower().replace("_", "-")
    for known in (key, key.partition("-")[0]):
        if known in NAMES or known in ALIASES:
            return ALIASES.get(known, known)
    by_name = {name.lower(): code for code, name in NAMES.items()}
    close = difflib.get_close_matches(key, [*by_name, *NAMES, *ALIASES], n=1)
    meant = f"did you mean '{by_name.get(close[0], ALIASES.get(close[0], close[0]))}'? " if close else ""
    raise ValueError(f"no language has the code '{said}' here. {meant}There are: {', '.join(NAMES)}")

"""Data of persons in a text: addresses of mail and web, phone numbers, bank accounts and cards.

phonenumbers (Google's libphonenumber) and python-stdnum say which digits are a number that somebody can have;
what they cannot be is a sum or a year. Nobody's are example.com and its like (RFC 2606), addresses of
this machine and of private networks (RFC 1918), the namespaces of standards, the accounts of services
(git@github.com) and numbers that no network gives out. Names, birthdays and streets are not looked for: that
takes a model.
"""

import re

from phonenumbers import PhoneNumberMatcher
from stdnum import iban, luhn

from pipeline.text.characters import lowered
from pipeline.text.kinds import pieces

E_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)
# An account that no person has, of a service that mails or of a repository; and "git@host:path".
NO_PERSON = re.compile(
    r"(?:git|hg|svn|root|user(?:name)?|you|your[._-]?(?:name|e?mail)|name|e?mail|no-?reply"
    r"|do-?not-?reply|donotreply|"
    r"alerts?|notifications?|newsletters?|mailer-daemon|postmaster|example|foo|bar|test|someone"
    r"|somebody|a|b|x)@",
    re.IGNORECASE,
)
SERVICES = "www|api|docs?|blog|cdn|app|static|img|images|auth|login|shop|sub|test|dev|staging|admin|db|server"
EXAMPLES = (
    rf"(?:(?:{SERVICES})\.)*example\.(?:com|org|net|edu)"
    r"|(?:[\w-]+\.)+(?:test|invalid|local(?:host)?|internal|lan)"
)
PRIVATE = (
    r"localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}"
    r"|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}"
    r"|169\.254(?:\.\d{1,3}){2}|\[::1?\]|\[f[cde][0-9a-f:]+\]|192\.0\.2\.\d{1,3}"
    r"|198\.51\.100\.\d{1,3}|203\.0\.113\.\d{1,3}"
)
# Names that look like addresses: of XML, of linked data, of schemas and licences.
NAMESPACES = (
    r"(?:www\.)?w3\.org|(?:www\.)?schema\.org|schemas\.\w+\.(?:com|org)|json-schema\.org|purl\.org"
    r"|xmlns\.com|ogp\.me|"
    r"(?:www\.)?xml\.org|java\.sun\.com|xmlns\.jcp\.org|maven\.apache\.org|(?:www\.)?springframework\.org|"
    r"(?:www\.)?opengis\.net|docbook\.org|(?:www\.)?sitemaps\.org|(?:www\.)?gnu\.org/licenses"
    r"|(?:www\.)?apache\.org/licenses|"
    r"creativecommons\.org|(?:dx\.)?doi\.org|(?:www\.)?topografix\.com|(?:www\.)?ietf\.org"
    r"|(?:www\.)?rfc-editor\.org|"
    r"(?:www\.)?iana\.org|(?:www\.)?omg\.org|(?:www\.)?oasis-open\.org|docs\.oasis-open\.org|ns\.adobe\.com|"
    r"(?:www\.)?inkscape\.org/namespaces|relaxng\.org"
)
NOBODYS = re.compile(rf"(?:{EXAMPLES}|{PRIVATE}|{NAMESPACES})(?![\w-]|\.\w)", re.IGNORECASE)
URL = re.compile(r"\b(?:https?://|www\.)(?:[^\s/@<>]*@)?(?P<host>[^\s<>)\"']+)", re.IGNORECASE)
# What may be a number (the library takes a millisecond a text). Groups of digits are figures, unless a plus,
# brackets or a word like "call" before them says that they are a phone's.
DIGITS = r"\(?\d{2,5}\)?(?:[ ./-]{1,2}\d{2,5}){1,5}"
PHONE = re.compile(
    rf"\+\d[\d ().-]{{6,}}|\(0?\d{{2,5}}\)[ -]?\d{{3}}[ \d.-]*|\b00[1-9]\d{{1,2}}[ -]\d[\d -]{{6,}}"
    rf"|\b(?:call(?:ed|ing)?|phone[ds]?|tel(?:ephone|\.)?|mobile|cell(?:phone)?|fax|dial|reach|ring"
    rf"|text me at|whatsapp|"
    rf"hotline|sms|contact|telefono|teléfono|telefon|téléphone|handy|rufnummer|number is"
    rf"|numbers? at)\b\W{{0,3}}(?:[a-z']+\W{{1,2}}){{0,6}}?"
    rf"(?P<digits>{DIGITS}|\d{{7,12}}\b)|\b[2-9]\d{{2}}-[2-9]\d{{2}}-\d{{4}}\b|(?:电话|手机|電話|тел\.?"
    rf"|телефон|هاتف|फ़ोन)\W{{0,3}}\d",
    re.IGNORECASE,
)
LOWER_PHONE = re.compile(PHONE.pattern)
DIGIT_GROUPS = re.compile(r"\d[\d ().+/-]{5,}\d")
DIGIT = re.compile(r"\d")
CARD_START, IBAN_START = re.compile(r"\d{4}"), re.compile(r"[A-Z]{2}\d{2}")
CARD = re.compile(r"(?<![\d.,-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -]?)\d{6}\2\d{5})(?![\d-])")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")


def personal_data_in(text: str, phone_region: str) -> str | None:
    """The first that is found. `phone_region`: the country (ISO 3166, as "US") whose numbers may stand
    without a country code.
    """
    address = _e_mail_in(text) or _url_in(text)
    if address:
        return address
    if not DIGIT.search(text):
        return None
    for found in CARD.finditer(text) if CARD_START.search(text) else ():
        if luhn.is_valid(re.sub(r"\D", "", found.group())):
            return found.group()
    for found in IBAN.finditer(text) if IBAN_START.search(text) else ():
        if iban.is_valid(found.group()):
            return found.group()
    return _phone_number_in(text, phone_region) if DIGIT_GROUPS.search(text) else None


def _e_mail_in(text: str) -> str | None:
    if "@" not in text:
        return None
    for found in E_MAIL.finditer(text):
        host = found.group().partition("@")[2]
        if not (NO_PERSON.match(found.group()) or NOBODYS.fullmatch(host)):
            return found.group()
    return None


def _url_in(text: str) -> str | None:
    """An address of the web in prose: in code it is a part of the program."""
    if "://" not in text and "www." not in lowered(text):
        return None
    for piece in pieces(text) if URL.search(text) else ():
        for found in URL.finditer(piece.text) if piece.kind not in ("code", "math") else ():
            if not NOBODYS.match(found["host"]):
                return found.group().rstrip(".,;:!?")
    return None


def _phone_number_in(text: str, region: str) -> str | None:
    """The first number of PHONE that is one of the library's."""
    # Without IGNORECASE it takes a third of the time.
    all_found = LOWER_PHONE.finditer(text.lower()) if text.isascii() else PHONE.finditer(text)
    signed = [found.span() for found in all_found]
    for match in PhoneNumberMatcher(text, region) if signed else ():
        if any(start < match.end and match.start < stop for start, stop in signed):
            return match.raw_string
    return None

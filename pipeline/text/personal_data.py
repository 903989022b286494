"""Data of persons in a text: addresses of mail and web, phone numbers, bank accounts and cards.

phonenumbers (Google's libphonenumber) and python-stdnum say which digits are a number that somebody can have;
what they cannot be is a sum or a year. Addresses under the domains that RFC 2606 keeps for examples, and
numbers that no network gives out, are nobody's. Names, birthdays and streets are not looked for: that takes a
model.
"""

import re

from phonenumbers import PhoneNumberMatcher
from stdnum import iban, luhn

E_MAIL = re.compile(r"\b[\w.+-]+@(?!example\b)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)
URL = re.compile(r"\b(?:https?://|www\.)(?!(?:www\.)?example\.)[^\s<>)\]\"']+", re.IGNORECASE)
# What may be a number (the library takes a millisecond a text): groups, or a plus. A bare run is a sum.
PHONE = re.compile(r"\+\d[\d ().-]{6,}|\(?\b\d{2,5}\)?[ .-]\d{2,4}[ .-]\d{2,}|\(\d{2,5}\) ?\d{3}")
CARD = re.compile(r"\b\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}\b")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")


def personal_data_in(text: str, phone_region: str) -> str | None:
    """The first that is found. `phone_region`: the country (ISO 3166, as "US") whose numbers may stand
    without a country code.
    """
    address = E_MAIL.search(text) or URL.search(text)
    if address:
        return address.group()
    for found in CARD.finditer(text):
        if luhn.is_valid(re.sub(r"\D", "", found.group())):
            return found.group()
    for found in IBAN.finditer(text):
        if iban.is_valid(found.group()):
            return found.group()
    return _phone_number_in(text, phone_region) if PHONE.search(text) else None


def _phone_number_in(text: str, region: str) -> str | None:
    found = (match.raw_string for match in PhoneNumberMatcher(text, region))
    return next((number for number in found if PHONE.match(number)), None)

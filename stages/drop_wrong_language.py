"""Drop rows in a language that was not asked for, and write down the language of the others.

Worded -> Worded: an Instruction, an Example, a Document, a Passage. A question is judged without the passage
that it shows, and an answer by itself: one in another language stays where the question speaks of a
translation or names a language. Text with too few letters of prose, and lists of names, code and formulas,
are kept as "und". How languages are told apart, and at what cost: see pipeline/text/languages.py.
"""

import dataclasses
import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from pipeline.errors import RecipeError
from pipeline.records import Example, Instruction, Worded
from pipeline.stage import FilterStage, Reject
from pipeline.text.language_codes import NAMES, code_of
from pipeline.text.languages import NOTHING, UNDETERMINED, Found, Wanted

# Of a question about languages: "translate" in several of them, and the names of languages in English.
TRANSLATES = re.compile(
    r"translat|übersetz|tradu[cirz]|vertaal|översätt|overs[æe]t|tłumacz|přelož|překlad|prelož|prevedi|fordít"
    r"|käännä|çevir|dịch|terjemah|\u043f\u0435\u0440\u0435\u0432[\u0435\u043e]|перекла|преведи|μετάφρα|ترجم|תרגם|अनुवाद|翻[译譯訳]|번역|แปล"
    rf"|\b(?:{'|'.join(sorted({name.partition(' ')[0] for name in NAMES.values()}))}|Latin|Greek|Mandarin)\b",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[:\n\"“”«»„]")  # where the words of a task end, and what it is about begins
MIN_TASK_LETTERS = 12  # "Translate this"


@dataclass(frozen=True, kw_only=True)
class DropWrongLanguage(FilterStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = 4  # 4: short tasks without a function word; 3: all languages are told apart

    # Codes of ISO 639 that are kept; zh is zh-cn and zh-tw, nb and nn are no
    languages: Annotated[tuple[Annotated[str, AfterValidator(code_of)], ...], Field(min_length=1)] = ("en",)
    min_letters: Annotated[int, Field(ge=1)] = 20  # below this, undetermined: digits and names fool it
    max_chars: Annotated[int, Field(ge=40)] = 400  # looked at: half from the start, half from the end

    def check(self) -> None:
        """Raises RecipeError for a code that there is not."""
        try:
            _wanted(self.languages)
        except ValueError as error:
            raise RecipeError(f"language.languages: {error}") from error

    def judge(self, row: Worded) -> Reject | Worded:
        found = self._found(row)
        if found.is_wanted:
            return dataclasses.replace(row, language=found.language)
        return Reject("wrong_language", got=found.language, limit=", ".join(self.languages))

    def _found(self, row: Worded) -> Found:
        if not isinstance(row, Instruction):
            return self._in(row.says)
        asked = self._in(row.bare)
        if not asked.is_wanted and TRANSLATES.search(row.bare):
            task = self._in(QUOTED.split(row.bare.lstrip(), maxsplit=1)[0], MIN_TASK_LETTERS)
            asked = task if task.is_wanted and task != NOTHING else asked
        if not asked.is_wanted or not isinstance(row, Example):
            return asked
        answered = self._in(row.answer)
        if not answered.is_wanted:
            return asked if TRANSLATES.search(row.bare) else answered
        if asked.language != UNDETERMINED:
            return asked
        if answered.language != UNDETERMINED:
            return answered
        return self._in(f"{row.bare}\n{row.answer}")  # each of them too short

    def _in(self, text: str, min_letters: int | None = None) -> Found:
        return _wanted(self.languages).judge(text, min_letters or self.min_letters, self.max_chars)


@cache
def _wanted(languages: tuple[str, ...]) -> Wanted:
    """Once a worker."""
    return Wanted(languages)

"""Drop rows in a language that was not asked for, and write down the language of the others.

Worded -> Worded: an Instruction, an Example, a Document, a Passage. About 900 to 1,800 rows/s a core of 130
words with the default languages (benchmarks/filters.py); the first row of a worker also loads the profiles
(0.3 s). Source: langdetect (https://github.com/Mimino666/langdetect), seeded, with the profiles of the
languages asked for and of those most often mixed in, because all 55 are slower and no surer. Text that is too
short, or has no letters, is kept with the language "und".
"""

import dataclasses
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

import langdetect
from langdetect.detector_factory import DetectorFactory
from langdetect.lang_detect_exception import LangDetectException
from pydantic import Field

from pipeline.records import Worded
from pipeline.stage import FilterStage, Reject

UNDETERMINED = "und"  # ISO 639-2
SEED = 0


@dataclass(frozen=True, kw_only=True)
class DropWrongLanguage(FilterStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = 2  # 2: of a long text its ends alone

    languages: tuple[str, ...] = ("en",)  # ISO 639-1 codes that are kept
    others: tuple[str, ...] = ("de", "es", "fr", "it", "pt", "zh-cn", "ru")  # told apart from those
    min_letters: Annotated[int, Field(ge=1)] = 20  # below this, undetermined: digits and names fool it
    max_chars: Annotated[int, Field(ge=40)] = 400  # looked at: half from the start, half from the end
    min_probability: Annotated[float, Field(ge=0, le=1)] = 0.8  # below this too

    def judge(self, row: Worded) -> Reject | Worded:
        language, probability = self._detect(row.says)
        if language == UNDETERMINED or language in self.languages:
            return dataclasses.replace(row, language=language)
        return Reject("wrong_language", got=f"{language} {probability:.2f}", limit=", ".join(self.languages))

    def _detect(self, text: str) -> tuple[str, float]:
        if sum(map(str.isalpha, text)) < self.min_letters:
            return UNDETERMINED, 0.0
        detector = _factory((*self.languages, *self.others)).create()
        detector.append(_ends(text, self.max_chars // 2))
        try:
            best = detector.get_probabilities()[0]
        except (LangDetectException, IndexError):
            return UNDETERMINED, 0.0
        return (best.lang, best.prob) if best.prob >= self.min_probability else (UNDETERMINED, best.prob)


def _ends(text: str, size: int) -> str:
    """The first and the last `size` characters, of which most are question and answer."""
    return text if len(text) <= 2 * size else f"{text[:size]} {text[-size:]}"


@cache
def _factory(languages: tuple[str, ...]) -> Any:
    """A detector factory of our own, so that langdetect's global one stays untouched. Once a worker."""
    folder = Path(langdetect.__file__).parent / "profiles"
    factory = DetectorFactory()
    factory.load_json_profile(
        [(folder / name).read_text(encoding="utf-8") for name in dict.fromkeys(languages)]
    )
    factory.seed = SEED
    return factory

"""The broad subjects of schools and universities. Models that know little of a discipline list them as its
subjects, and string them together where a concept is asked for.
"""

from pipeline.text.text import normalised

BROAD_SUBJECTS = (
    "Mathematics", "English", "Science", "Physics", "Chemistry", "Biology", "History", "Geography", "Music",
    "Art", "Sports", "Religion", "Economics", "Law", "Languages", "Literature", "Philosophy", "Psychology",
    "Computer science", "Engineering", "Medicine", "Cooking",
)  # fmt: skip
OTHER_WORDS = ("math", "maths", "arts", "computing", "language", "sciences", "social", "studies", "sport")
LINKS = ("and", "or", "the", "of", "in")
MIN_LISTED = 3  # "Art history" and "Computer science" are names, "Math Physics Science" is a list

_WORDS = {word for name in (*BROAD_SUBJECTS, *OTHER_WORDS) for word in normalised(name).split()}


def lists_subjects(name: str) -> bool:
    """Whether a name is no more than broad subjects in a row."""
    words = [word for word in normalised(name).split() if word not in LINKS]
    return len(words) >= MIN_LISTED and set(words) <= _WORDS

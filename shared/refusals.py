"""Words with which a person's, or a form's, answer to a yes-or-no question is no."""

from functools import lru_cache

from shared.folding import words

NO = frozenset(
    ("no", "n", "false", "f", "0", "0 0", "off", "declined", "denied", "refused", "withdrawn")
    + ("revoked", "not given", "opted out", "opt out", "unsubscribed", "nein", "falsch", "non")
    + ("faux", "nao", "nee", "nej", "nie", "нет", "いいえ", "否", "아니요")
)


@lru_cache(maxsize=10_000)
def answer_word(text: str) -> str:
    """As such words are compared."""
    return " ".join(words(text))


def is_no(text: str) -> bool:
    return answer_word(text) in NO

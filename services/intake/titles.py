"""Job titles to seniority and function, with the words that decided (INT-13).

Codes are the names of LinkedIn's lists. The first rule that fits decides, so exceptions stand
before what they are exceptions from; a title that no rule fits is unknown, not guessed.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from services.intake.places import fold
from shared.contracts.values import TitleClass

WRITTEN_OUT = {
    "sr": "senior",
    "snr": "senior",
    "jr": "junior",
    "mgr": "manager",
    "mgmt": "management",
    "dir": "director",
    "vp": "vice president",
    "svp": "senior vice president",
    "evp": "executive vice president",
    "avp": "assistant vice president",
    "ceo": "chief executive officer",
    "cfo": "chief financial officer",
    "cto": "chief technology officer",
    "cio": "chief information officer",
    "ciso": "chief information security officer",
    "cmo": "chief marketing officer",
    "coo": "chief operating officer",
    "cso": "chief officer",
    "cro": "chief revenue officer",
    "chro": "chief human resources officer",
    "asst": "assistant",
    "assoc": "associate",
    "eng": "engineering",
    "mktg": "marketing",
    "ops": "operations",
    "hr": "human resources",
    "infosec": "information security",
    "it": "information technology",
    "co founder": "cofounder",
}

# (seniority, pattern over the written-out title); None is an exception: nobody can tell.
SENIORITY_RULES: Sequence[tuple[str | None, str]] = (
    ("unpaid", "volunteer"),
    ("training", "intern|internship|trainee|apprentice|working student"),
    (None, "executive assistant|personal assistant|chief of staff"),
    (None, "(?:product|process|system|service|data) owner"),
    ("owner", "owner|founder|cofounder|proprietor"),
    ("partner", "(?:managing|senior|general|founding|equity) partner|^partner$"),
    ("cxo", "chief (?:[a-z]+ )*officer"),
    ("vp", "vice president"),
    ("cxo", "president"),
    ("director", "director|head of|head"),
    # These manage a product, an account or a project; whether people too, the title doesn't say.
    (None, "(?:account|product|project|program|programme|success|case|partner) manager"),
    ("manager", "manager|supervisor"),
    ("senior", "senior|principal|lead"),
    ("entry", "junior|entry level|graduate|assistant|clerk"),
)

# The function that is named first in the title wins.
FUNCTION_WORDS: Mapping[str, str] = {
    "information technology": "information_technology",
    "information security": "information_technology",
    "information officer": "information_technology",
    "technology officer": "information_technology",
    "cyber security": "information_technology",
    "cybersecurity": "information_technology",
    "systems administrator": "information_technology",
    "network": "information_technology",
    "product": "product_management",
    "project": "program_and_project_management",
    "program": "program_and_project_management",
    "customer success": "customer_success_and_support",
    "customer support": "customer_success_and_support",
    "business development": "business_development",
    "human resources": "human_resources",
    "people": "human_resources",
    "talent": "human_resources",
    "recruiter": "human_resources",
    "sales": "sales",
    "account executive": "sales",
    "revenue": "sales",
    "marketing": "marketing",
    "demand generation": "marketing",
    "brand": "marketing",
    "finance": "finance",
    "financial": "finance",
    "treasurer": "finance",
    "accounting": "accounting",
    "accountant": "accounting",
    "controller": "accounting",
    "software": "engineering",
    "engineer": "engineering",
    "engineering": "engineering",
    "developer": "engineering",
    "architect": "engineering",
    "legal": "legal",
    "counsel": "legal",
    "lawyer": "legal",
    "operations": "operations",
    "operating officer": "operations",
    "supply chain": "operations",
    "procurement": "purchasing",
    "purchasing": "purchasing",
    "buyer": "purchasing",
    "quality assurance": "quality_assurance",
    "research": "research",
    "consultant": "consulting",
    "executive assistant": "administrative",
    "office manager": "administrative",
}


def _whole_words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])")


_SENIORITY = [(code, _whole_words(pattern)) for code, pattern in SENIORITY_RULES]
_FUNCTION = _whole_words("|".join(sorted(FUNCTION_WORDS, key=len, reverse=True)))
_SHORT = _whole_words("|".join(sorted(WRITTEN_OUT, key=len, reverse=True)))
# "Assistant to the CEO" is an assistant: what follows is somebody else's title.
_SOMEBODY_ELSE = re.compile(r" (?:to|reporting to|office of) .*$")


@lru_cache(maxsize=50_000)
def classify(title: str) -> TitleClass:
    words = _SHORT.sub(lambda short: WRITTEN_OUT[short[0]], fold(title))
    words = _SOMEBODY_ELSE.sub("", words)
    seniority, seniority_rule = _seniority(words)
    function = _FUNCTION.search(words)
    rules = [seniority_rule, function[0] if function else ""]
    return TitleClass(
        seniority,
        FUNCTION_WORDS[function[0]] if function else None,
        "; ".join(rule for rule in rules if rule),
    )


def _seniority(words: str) -> tuple[str | None, str]:
    for code, pattern in _SENIORITY:
        if found := pattern.search(words):
            return code, found[0]
    return None, ""

"""What each check means for people: what it says, who can mend it, and how (RTE-10)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    text: str
    who: str
    how: str


WAIT, CHANGE, REUPLOAD, LEAVE = "wait", "change the campaign", "upload it anew", "don't send it"

REMEDIES: Mapping[str, Remedy] = {
    "campaign_inactive": Remedy(
        "the campaign is paused, or not running on that day",
        "customer_success",
        "resume the campaign, or wait until it runs",
    ),
    "account_suspended": Remedy(
        "the customer's account is suspended", "customer_success", "restore it, then send by hand"
    ),
    "lead_code_other": Remedy(
        "the campaign does not carry the lead's lead code",
        "project_manager",
        f"{CHANGE}: its lead codes; or {LEAVE}",
    ),
    "filter.place": Remedy(
        "the campaign does not want leads from there",
        "customer",
        f"{CHANGE}: its places; or {LEAVE}",
    ),
    "filter.company_size": Remedy(
        "the company's size is not wanted, or not known well enough",
        "customer",
        f"{CHANGE}: its company sizes; or {REUPLOAD} with the size",
    ),
    "filter.industry": Remedy(
        "the company's industry is not wanted, or not known",
        "customer",
        f"{CHANGE}: its industries; or {REUPLOAD} with the industry",
    ),
    "filter.seniority": Remedy(
        "the person's seniority is not wanted, or not known",
        "customer",
        f"{CHANGE}: its seniorities; or {LEAVE}",
    ),
    "filter.function": Remedy(
        "the person's function is not wanted, or not known",
        "customer",
        f"{CHANGE}: its functions; or {LEAVE}",
    ),
    "filter.title": Remedy(
        "the person's job title has none of the wanted phrases, or an excluded one",
        "customer",
        f"{CHANGE}: its titles; or {LEAVE}",
    ),
    "category_closed": Remedy(
        "the campaign is not open to the lead's category now",
        "delivery",
        f"{CHANGE}: open the category",
    ),
    "category_not_as_ordered": Remedy(
        "the lead's category is not among those ordered",
        "project_manager",
        f"{CHANGE}: the order; or {REUPLOAD} with the right category",
    ),
    "smarter_missing": Remedy(
        "questions of the lead's category are not answered",
        "affiliate",
        f"{REUPLOAD} with the answers",
    ),
    "smarter_unknown_symbol": Remedy(
        "the lead answers questions that do not exist",
        "affiliate",
        f"{REUPLOAD} with the right symbols",
    ),
    "smarter_question_not_in_category": Remedy(
        "the lead answers questions of another category",
        "delivery",
        f"assign the question to the category, or {REUPLOAD}",
    ),
    "smarter_answer_invalid": Remedy(
        "an answer is neither allowed nor a known alias",
        "delivery",
        "add an alias, or release the lead with the answer that is meant",
    ),
    "smarter_answer_not_wanted": Remedy(
        "the campaign wants other answers", "customer", f"{CHANGE}: its answers; or {LEAVE}"
    ),
    "title_suppressed": Remedy(
        "the person's title or function is suppressed",
        "delivery",
        "send it by hand, or change what is suppressed",
    ),
    "company_suppressed": Remedy(
        "the company is on a suppression list", "customer", f"take it off the list; or {LEAVE}"
    ),
    "domain_not_approved": Remedy(
        "the company is on none of the approved lists",
        "customer",
        f"put it on the list; or {LEAVE}",
    ),
    "person_blocked": Remedy("the person is not to be sent", "operator", LEAVE),
    "already_sent": Remedy(
        "the person has been sent to this campaign before, or another lead of the person waits",
        "nobody",
        LEAVE,
    ),
    "domain_cap": Remedy(
        "as many leads of this company as are wanted have been sent",
        "customer",
        f"{CHANGE}: its limit per domain; or {LEAVE}",
    ),
    "cap_reached": Remedy(
        "all slots are taken",
        "project_manager",
        f"{CHANGE}: its caps; or {WAIT} for the next period and send it by hand",
    ),
    "awaiting_send_day": Remedy(
        "the campaign sends on its day", "delivery", f"{WAIT}, or send it by hand"
    ),
    "campaign_unknown": Remedy(
        "there was no such campaign when the lead was decided",
        "delivery",
        "send it by hand, if the campaign wants it now",
    ),
    "withdrawn": Remedy("the lead was given back: another upload took its place", "nobody", LEAVE),
}

WRONG_ORDERED = Remedy(
    "the wrong category was ordered: the campaign is open to it, and the order does not have it",
    "project_manager",
    f"{CHANGE}: order the category",
)
WRONG_UPLOADED = Remedy(
    "the wrong category id was uploaded: the campaign has neither ordered it nor opened it",
    "affiliate",
    f"{REUPLOAD} with the right category; or {LEAVE}",
)


def remedy(code: str, codes: Collection[str]) -> Remedy:
    """`codes` are all that fail: for a category they tell who is wrong. Without a list of open
    categories a campaign is open to what was ordered, so a category off the order was uploaded."""
    if code == "category_not_as_ordered":
        return WRONG_UPLOADED if "category_closed" in codes else WRONG_ORDERED
    return REMEDIES.get(code, Remedy("", "operator", ""))

"""What each check means for people: what it says, who can mend it, and how (RTE-10)."""

from collections.abc import Collection, Mapping

from services.routing.filters.registry import CHECKS
from services.routing.filters.rows import CHANGE, LEAVE, REUPLOAD, Remedy

WAIT = "wait"

STANDING: Mapping[str, Remedy] = {
    "campaign_inactive": Remedy(
        "the campaign is paused, or not running on that day",
        "customer_success",
        "resume the campaign, or wait until it runs",
    ),
    "account_suspended": Remedy(
        "the customer's account is suspended", "customer_success", "restore it, then send by hand"
    ),
}
"""Of what fails whatever the lead is."""

IN_VIEW: Mapping[str, Remedy] = {
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
"""Of what only the campaign's shard can know, or follows from when the lead came."""

REMEDIES: Mapping[str, Remedy] = {
    **STANDING,
    **{check.code: check.remedy for check in CHECKS},
    **IN_VIEW,
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

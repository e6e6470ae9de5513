"""Routing's rules on sending by hand and on who may ask for what, each with what must not be."""

from datetime import timedelta

import pytest

from cli.command import Asker, Command
from tests.scenes.platform import command
from tests.scenes.scene import Scene, policy
from tests.scenes.simulated import Simulated

HOUR = timedelta(hours=1)


@pytest.mark.rule("RTE-14")
def test_a_lead_is_sent_by_hand(simulated: Simulated) -> None:
    """One that waits for the send day, or whose title is suppressed, with who and why in its
    history, and not again on the day; nothing else is passed over, and not by everybody."""
    scene = Scene(simulated, "hand")
    day = simulated.now() + timedelta(days=1)
    weekly = {"weekly": {"weekday": f"{day:%A}".lower(), "at": f"{day:%H:%M}"}}
    scene.put(weekly=weekly, titled={}, north={"places": [{"country": "NO"}]})
    scene.upload("now", "later", Title="Marketing Intern, EMEA")
    scene.upload("plain", "waits")
    assert [["plain", "waits"], [], []] == [
        scene.got(name) for name in ("titled", "weekly", "north")
    ]
    assert ["title_suppressed"] == scene.why("now", "titled") == scene.why("now", "weekly")
    ann = Asker("ann")
    answers = [
        scene.by_hand(*what, ann)
        for what in (("now", "titled"), ("now", "weekly"), ("plain", "weekly"), ("plain", "north"))
    ]
    assert ["claimed", "claimed", "claimed", "not_overridable"] == [
        answer.code for answer in answers
    ]
    assert ["filter.place"] == answers[-1].details["failing"]
    customer = scene.by_hand("later", "titled", Asker(scene.name, "customer"))
    assert (False, "not_permitted") == (customer.accepted, customer.code)
    simulated.rest()
    assert [["now", "plain", "waits"], ["now", "plain"], []] == [
        scene.got(name) for name in ("titled", "weekly", "north")
    ]
    told = [entry["text"] for entry in scene.sends("weekly")["plain"]["history"]]
    assert any("ann: test" in text for text in told)
    assert "already_sent" == scene.by_hand("plain", "weekly").code
    simulated.jump_to(day + HOUR)
    assert ["now", "plain", "waits"] == scene.got("weekly")
    assert ["now", "plain", "waits"] == scene.got("titled")


@pytest.mark.rule("OPS-06")
@pytest.mark.rule("OPS-07")
def test_routing_answers_everything_and_hears_whom_it_may(simulated: Simulated) -> None:
    """Each of its commands is refused to a role that may not ask, and nothing changes; a customer
    may stop its own campaign and no other. What is unknown or unreadable is answered, too."""
    scene = Scene(simulated, "asks")
    scene.put(c={})
    campaign = {"campaign": scene.id("c"), "reason": "test"}
    customer = {"customer": scene.name, "reason": "test"}
    person = {"person_id": "p-1", "reason": "test"}
    send = {"campaign": scene.id("c"), "send": "s", "outcome": "sent", "reason": "test"}
    lead = {"lead": "l", "campaign": scene.id("c")} | person
    commands = [
        scene.campaign("c", priority=9),
        command("routing.campaign.pause", scene.id("c"), campaign),
        command("routing.campaign.resume", scene.id("c"), campaign),
        command("routing.send.resolve", scene.id("c"), send),
        command("routing.lead.send", "p-1", lead),
        command("routing.person.block", "p-1", person),
        command("routing.person.unblock", "p-1", person),
        command("routing.list.part", "l", {"list": "l", "entries": ["x.example"]}),
        command("routing.list.put", "l", {"id": "l", "entries": ["x.example"]}),
        command("routing.list.edit", "l", {"list": "l", "add": ["x.example"], "reason": "test"}),
        command("routing.account.suspend", scene.name, customer),
        command("routing.account.restore", scene.name, customer),
        policy(categories=[]),
    ]
    agent = simulated.publish(*commands, asker=Asker("somebody", "agent"))
    assert [(False, "not_permitted")] * len(commands) == [
        (answer.accepted, answer.code) for answer in agent
    ]
    pause = commands[1]
    (stranger,) = simulated.publish(again(pause), asker=Asker("another", "customer"))
    scene.upload("a")
    (owner,) = simulated.publish(again(pause), asker=Asker(scene.name, "customer"))
    assert ["not_permitted", "paused"] == [stranger.code, owner.code]
    scene.upload("b")
    assert (["a"], 2) == (scene.got("c"), scene.about("c")["version"])
    answers = simulated.publish(
        command("routing.lead.juggle", "p-1", {}),
        command("routing.campaign.put", "c", {"id": 5}),
        command("routing.list.edit", "none", {"list": "none", "reason": "test"}),
        command("routing.lead.send", "p-1", lead),
        command("routing.send.resolve", scene.id("c"), send),
        command("routing.person.unblock", "p-1", person),
        command("routing.campaign.pause", "none", campaign | {"campaign": "none"}),
    )
    assert [
        "unknown_command",
        "invalid",
        "list_unknown",
        "lead_unknown",
        "send_unknown",
        "not_blocked",
        "campaign_unknown",
    ] == [answer.code for answer in answers]
    assert not any(answer.accepted or not answer.text for answer in answers)


def again(one: Command) -> Command:
    """The same, as another command."""
    return Command(one.type, one.data, one.key)

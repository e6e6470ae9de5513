"""Whatever JSON object is the data of a command: it is read, or all that is wrong is told."""

import json
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from shared.contracts.commands import commands
from shared.contracts.forms import FAULTS_MAX
from shared.contracts.parsing import Invalid, read
from shared.testing import virtual_time
from tests.component import leads
from tests.contract.examples import STORY
from tests.simulation.lead_path import BUILDS

SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["x" * 3_000, "2026-13-45", "0001-01-01T00:00:00+14:00", "\x00", " ", "a/b:c"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
NEEDLE = "n33dle"
BYTES_MAX = 60_000


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Of a command, with some of its fields; or an example of it with some parts replaced."""
    if draw(st.booleans()):
        example = draw(st.sampled_from(STORY))
        data = json.loads(example.text)
        for _ in range(draw(st.integers(1, 3))):
            replace_part(draw, data)
        return example.type, data
    kind = draw(st.sampled_from(sorted(commands())))
    fields = commands()[kind].model_fields.items()
    names = [field.alias or name for name, field in fields]
    return kind, draw(
        st.dictionaries(st.sampled_from(names) | st.text(max_size=5), JSON, max_size=8)
    )


def replace_part(draw: st.DrawFn, data: Any) -> None:
    """Somewhere, however deep."""
    while True:
        name = draw(st.sampled_from(sorted(data) if isinstance(data, dict) else range(len(data))))
        if not (isinstance(data[name], dict | list) and data[name] and draw(st.booleans())):
            data[name] = draw(JSON | st.just({NEEDLE: [NEEDLE]}) | st.just(NEEDLE + " " * 2_100))
            return
        data = data[name]


@settings(max_examples=150, deadline=None)
@given(objects())
def test_any_object_is_read_or_all_that_is_wrong_is_told(drawn: tuple[str, dict[str, Any]]) -> None:
    """Nothing is raised, no value is quoted, and what is told is small."""
    kind, data = commands()[drawn[0]], drawn[1]
    found = read(kind, json.dumps(data).encode())
    if isinstance(found, Invalid):
        told = to_json([found.code, found.text, found.details])
        assert 1 <= len(found.faults) <= FAULTS_MAX
        assert found.code == "invalid" or found.code in kind.REFUSED
        assert NEEDLE.encode() not in told
        assert len(told) < BYTES_MAX
    else:
        assert isinstance(found, kind)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(objects(), min_size=20, max_size=40))
def test_each_command_is_answered_and_none_is_dead_lettered(
    drawn: list[tuple[str, dict[str, Any]]],
) -> None:
    """OPS-06, by the real services, which go on."""

    async def story() -> None:
        async with leads.running() as platform:
            asked = [
                platform.publish(kind.removeprefix("leadops.").removesuffix(".v1"), "key", data)
                for kind, data in drawn
            ]
            await platform.rest()
            answered = Counter(answer["command"] for answer in platform.answers())
            assert dict.fromkeys(asked, 1) == {id: answered[id] for id in asked}
            kept = [row for name in BUILDS for row in platform.stored("dead_letters", name)]
            assert [] == kept
            assert "accepted" == (await platform.submit("R-9"))["code"]

    virtual_time.run(story())

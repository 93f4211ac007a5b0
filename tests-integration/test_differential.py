"""What whimbrel does otherwise than aiohttp is listed, all of it, and nothing else is."""

import asyncio
import pprint
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from differential.differences import DIFFERENCES, PAGE, expected_in, page_with, shown
from differential.stage import Scene, differing, play_both
from differential.table import SCENES

if not aiohttp.__version__.startswith("3.14."):
    pytest.skip(f"the table is about aiohttp 3.14, not {aiohttp.__version__}", allow_module_level=True)

# aiohttp warns of what it has deprecated and still documents, such as BasicAuth.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.skipif(aiohttp.helpers.DEBUG, reason="in debug mode aiohttp refuses more than it does otherwise")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_scene_differs_where_it_is_said_to_and_nowhere_else(scene: Scene, tmp_path: Path) -> None:
    first, second = asyncio.run(play_both(scene, str(tmp_path / "socket")))
    differ = differing(first, second)
    assert set(differ) == expected_in(scene.name), pprint.pformat(differ, width=140)


def test_every_scene_has_a_name_of_its_own() -> None:
    counts = Counter(scene.name for scene in SCENES)
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_difference_is_seen_in_a_scene() -> None:
    names = {scene.name for scene in SCENES}
    assert [name for difference in DIFFERENCES for name in difference.seen if name not in names] == []
    assert all(difference.seen for difference in DIFFERENCES)


def test_the_page_shows_the_table_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with(shown(), page), "run tests-integration/differential/differences.py"

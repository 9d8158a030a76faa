"""A suite that is edited while replies are written: no reply is taken for one to a prompt that was not asked."""

from __future__ import annotations

from socsafe.manifest import is_current
from socsafe.progress import SilentProgress
from socsafe.stages.generate import completions_step, generate
from tests.conftest import Folder
from tests.loopback.faulty import Faulty
from tests.stages.test_generate_remote import QUICK, reply, rows, served


def test_what_was_asked_before_the_edit_is_stale_and_what_comes_after_is_asked_as_edited(folder: Folder) -> None:
    suite = folder.root / "datasets" / "fetched" / "tiny-suite" / "suite.csv"

    def edit(text: str) -> str:
        if text == "Prompt 0" and "Prompt 3" in (content := suite.read_text()):
            suite.write_text(content.replace("Prompt 3", "Another 3"))
        return reply(text)

    with Faulty(reply=edit) as server:
        plan = served(folder, server.url)
        assert generate(plan, plan.conditions, SilentProgress(), retry=QUICK) == {}
    first, second = (completions_step(plan, condition, plan.study.suite_uses()[0]) for condition in plan.conditions)
    assert not is_current(first)
    assert is_current(second)
    assert [row.text for row in (rows(plan, 0)[3], rows(plan, 1)[3])] == [reply("Prompt 3"), reply("Another 3")]

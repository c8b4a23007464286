# SPDX-License-Identifier: Apache-2.0
"""config.txt and cmdline.txt: the kit's part comes and goes, the rest is not touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.errors import DataError
from host_tools.flash import boot_settings

texts = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20).filter(
        lambda line: len(line.splitlines()) < 2
    ),
    max_size=6,
).flatmap(lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join([*lines, ""])))


@given(texts)
def test_the_part_of_the_kit_leaves_no_trace(config: str) -> None:
    added = boot_settings.with_block(config)
    assert boot_settings.has_block(added) and added.startswith(config)
    assert boot_settings.with_block(added) == added
    assert boot_settings.without_block(added) == config


def test_a_last_line_without_an_end_gets_one() -> None:
    added = boot_settings.with_block("dtparam=audio=on")
    assert added.startswith("dtparam=audio=on\n#")
    assert "[all]\narm_64bit=1\nkernel=kernel8.img\nenable_uart=1\n" in added


def test_lines_added_later_stay_where_they_are() -> None:
    added = boot_settings.with_block("a=1\n") + "b=2\n"
    assert boot_settings.without_block(added) == "a=1\nb=2\n"


def test_a_part_without_its_end_is_not_guessed() -> None:
    torn = boot_settings.with_block("a=1\n").replace("# percepnet end\n", "")
    with pytest.raises(DataError, match="mend it by hand"):
        boot_settings.with_block(torn)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "percepnet.baud=921600\n"),
        ("root=/dev/x quiet", "root=/dev/x quiet percepnet.baud=921600\n"),
        ("root=/dev/x quiet\n", "root=/dev/x quiet percepnet.baud=921600\n"),
        ("quiet\nsecond line\n", "quiet percepnet.baud=921600\nsecond line\n"),
        (
            "percepnet.baud=9600 percepnet.uart=mini\n",
            "percepnet.uart=mini percepnet.baud=921600\n",
        ),
    ],
)
def test_the_rate_is_set_once_in_the_first_line(before: str, after: str) -> None:
    assert boot_settings.with_baud(before, 921_600) == after
    assert boot_settings.with_baud(after, 921_600) == after
    assert not boot_settings.has_baud(boot_settings.without_baud(after))

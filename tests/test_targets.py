"""What a user writes behind --target, and what ranges in the tables mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentis_lint.targets import TargetError, catalogue, family, resolve

SENTIS = family("sentis")


def names(*specs: str) -> list[str]:
    """The targets that these words stand for."""
    return [str(target) for target in resolve(specs)]


def test_a_full_version_means_exactly_that_release() -> None:
    assert names("sentis@1.3.0-pre.3") == ["sentis@1.3.0-pre.3"]


def test_a_line_means_its_newest_release() -> None:
    assert names("sentis@2.1") == ["sentis@2.1.3"]


def test_no_version_means_the_newest_release() -> None:
    assert names("sentis") == names("sentis@latest") == [f"sentis@{SENTIS.versions[-1]}"]


def test_all_means_every_release_in_order() -> None:
    assert names("sentis@all") == [f"sentis@{version}" for version in SENTIS.versions]


def test_a_range_keeps_its_commas() -> None:
    assert names("sentis@>=2.1.3,<2.2.2") == ["sentis@2.1.3", "sentis@2.2.0", "sentis@2.2.1"]


def test_a_comma_separates_targets_and_repeats_count_once() -> None:
    assert names("sentis@2.4.0,sentis@2.3.0", "sentis@2.4.0") == ["sentis@2.4.0", "sentis@2.3.0"]


def test_a_backend_is_found_whatever_its_case() -> None:
    assert names("sentis@2.4.0/gpucompute") == ["sentis@2.4.0/GPUCompute"]


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("sentis@2.9", "2.9"),
        ("sentsi@2.4", "'sentis'"),
        ("sentis@2.4.0/GPUCompue", "'GPUCompute'"),
        ("sentis@2.4.0/", "backend"),
        ("sentis@>=9.9", "9.9"),
        ("sentis@<1.0.0-exp.6", "no release"),
        ("", "family"),
    ],
)
def test_what_does_not_exist_is_named_with_the_nearest_that_does(spec: str, hint: str) -> None:
    with pytest.raises(TargetError, match=hint):
        resolve([spec])


def test_a_line_in_a_range_starts_with_its_first_pre_release() -> None:
    spans = SENTIS.spans(SENTIS.mask(">=1.4,<1.5"))
    assert [(first.version, last.version) for first, last in spans] == [("1.4.0-pre.1", "1.4.0-pre.3")]


def test_a_line_where_a_full_release_is_needed_is_an_error() -> None:
    with pytest.raises(TargetError, match="full release"):
        SENTIS.mask("<=2.3")


@given(st.sampled_from(SENTIS.versions), st.sampled_from(SENTIS.versions))
def test_a_range_holds_exactly_the_releases_between_its_bounds(first: str, last: str) -> None:
    low, high = SENTIS.versions.index(first), SENTIS.versions.index(last)
    mask = SENTIS.mask(f">={first},<={last}")
    assert [index for index in range(len(SENTIS.versions)) if mask >> index & 1] == list(range(low, high + 1))


def test_releases_are_described_in_words() -> None:
    assert SENTIS.describe(0) == "none"
    assert SENTIS.describe(SENTIS.mask(">=1.0")) == "all"
    assert SENTIS.describe(SENTIS.mask(">=2.4")) == "since 2.4.0"
    assert SENTIS.describe(SENTIS.mask([">=1.6,<2.0", "==2.2.1"])) == "1.6.0-pre.1, 2.2.1"


def test_every_family_is_in_the_catalogue_with_its_releases() -> None:
    assert "sentis" in [item.name for item in catalogue()]
    assert all(item.releases for item in catalogue())

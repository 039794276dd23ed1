"""Records behave as dataclasses do, as far as this project relies on it."""

from __future__ import annotations

import pytest

from sentis_lint.records import field, record, replace


@record
class Point:
    """Two numbers and a list."""

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    secret: str = field(default="", repr=False)

    @property
    def total(self) -> int:
        """Both together."""
        return self.x + self.y


@record(frozen=True)
class Fixed:
    """One number that stays."""

    x: int


@record(frozen=True, eq=False)
class Single:
    """Equal only to itself."""

    x: int


@record
class Named(Point):
    """A point with a name."""

    name: str = ""


def test_fields_are_taken_in_order_with_defaults_of_their_own() -> None:
    one, other = Point(1), Point(1)
    one.tags.append("a")
    assert (one.x, one.y, one.total, other.tags) == (1, 2, 3, [])


def test_equality_is_by_fields_unless_switched_off() -> None:
    assert Point(1) == Point(1, 2)
    assert Point(1) != Point(2)
    assert Point(1) != Named(1)
    assert Single(1) != Single(1)


def test_frozen_records_refuse_changes_and_can_be_keys() -> None:
    fixed = Fixed(1)
    with pytest.raises(AttributeError, match="frozen"):
        fixed.x = 2  # type: ignore[misc]
    assert {Fixed(1): "a"}[fixed] == "a"


def test_the_repr_names_the_fields_that_are_to_be_seen() -> None:
    assert repr(Point(1, secret="s")) == "Point(x=1, y=2, tags=[])"


def test_a_copy_differs_where_it_is_told_to() -> None:
    assert replace(Point(1), y=5) == Point(1, 5)


def test_a_record_inherits_the_fields_of_its_base() -> None:
    named = Named(1, name="n")
    assert (named.x, named.y, named.name) == (1, 2, "n")


def test_a_misspelt_field_is_an_error() -> None:
    with pytest.raises(AttributeError):
        Point(1).z = 3  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Point(1, z=3)  # type: ignore[call-arg]

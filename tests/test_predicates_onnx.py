"""Predicates about operators of ONNX, on equations whose outcome was measured."""

from __future__ import annotations

import pytest

from sentis_lint.predicates_onnx import einsum_result_turned, einsum_sorts_output
from tests.views import view

ANY = view(op_type="Einsum")


@pytest.mark.parametrize("equation", ["bnm,bmd->dbn", "abc,cd->dab", "ba,c->cab", "abc,ca->bac", "bij,ij->bij"])
def test_equations_that_come_out_turned_are_seen(equation: str) -> None:
    assert einsum_result_turned(ANY, equation) is True


@pytest.mark.parametrize(
    "equation", ["ij,jk->ik", "ij,jk->ki", "bqhd,bkhd->bhqk", "bhqk,bkhd->bqhd", "bij,bij->bij", "ab,b->ba", "i,j->ij"]
)
def test_equations_that_come_out_right_are_left_alone(equation: str) -> None:
    assert einsum_result_turned(ANY, equation) is False


@pytest.mark.parametrize("equation", ["ij->ji", "ij,jk,kl->il", "ii,ij->ij", "ijk,jl->il"])
def test_equations_that_are_not_rewritten_are_left_alone(equation: str) -> None:
    assert einsum_result_turned(ANY, equation) is False


def test_an_ellipsis_is_unknown() -> None:
    assert einsum_result_turned(ANY, "...ij,...jk->...ki") is None
    assert einsum_sorts_output(ANY, "...ij,jk") is None


@pytest.mark.parametrize(
    ("equation", "other"), [("ba", True), ("kj,ik", True), ("ij,jk", False), ("ab", False), ("ba->ba", False)]
)
def test_an_output_left_out_is_wrong_only_where_sorting_changes_it(equation: str, other: bool) -> None:
    assert einsum_sorts_output(ANY, equation) is other

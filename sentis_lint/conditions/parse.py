"""From the text of a condition to closures, once; nothing of the text is ever run as Python.

Python's own parser gives the syntax tree (the `_ast` classes: importing `ast` itself costs milliseconds), and every
node of it has to be on the list here.
"""

from __future__ import annotations

import _ast
from collections.abc import Callable
from operator import attrgetter, methodcaller
from typing import Any, Final

from sentis_lint.conditions import evaluate
from sentis_lint.conditions.comprehensions import MAX_STEPS, Comprehension, Run
from sentis_lint.conditions.evaluate import OPEN, State, Value, truth
from sentis_lint.conditions.syntax import MAX_DEPTH, REFUSED, Source
from sentis_lint.conditions.vocabulary import (
    ARITIES,
    INPUT_FUNCTIONS,
    NAME_FUNCTIONS,
    NODE,
    NODE_NAMES,
    OUTPUT_FUNCTIONS,
    STATES,
    ConditionError,
    Vocabulary,
    arity,
    did_you_mean,
    functions,
)

_PLAIN: Final = frozenset({int, float, bool, str})
_NO_SLOTS: Final[list[Any]] = []
_NO_CONSTANT: Final = object()


class Condition:
    """A parsed condition: called with a `NodeView`, or a mapping where the vocabulary is flat, it answers."""

    __slots__ = ("_run", "_slots", "attributes", "inputs", "outputs", "predicates", "source")

    def __init__(self, source: str, run: Run, compiler: _Compiler) -> None:
        self.source = source
        self.attributes = frozenset(compiler.attributes)
        """Every attribute that is asked for, by value or in `present`; of a flat vocabulary, every name."""
        self.inputs = frozenset(compiler.inputs)
        """Every input that is asked for by a constant index."""
        self.outputs = frozenset(compiler.outputs)
        """Every output that is asked for by a constant index."""
        self.predicates = frozenset(compiler.predicates)
        self._run = run
        self._slots = compiler.slots

    def __call__(self, view: Any) -> State:
        """Evaluate: yes, no, or None where what is known does not decide it. Never raises."""
        state: State = self._run(view, [MAX_STEPS, *[None] * self._slots] if self._slots else _NO_SLOTS)
        return state

    def __repr__(self) -> str:
        return f"Condition({self.source!r})"


def parse(source: str, vocabulary: Vocabulary = NODE) -> Condition:
    """Parse a condition.

    Args:
        source: the text; lines may be broken anywhere between two words.
        vocabulary: the names and functions it may use.

    Raises:
        ConditionError: the text is no expression of the language, or is too long or too deeply nested.
    """
    text = Source(source)
    compiler = _Compiler(text, vocabulary)
    tree = text.tree()
    if isinstance(tree, _ast.List | _ast.Tuple | _ast.ListComp | _ast.Constant) and not _is_bool(tree):
        raise text.error(tree, "a condition is true or false; this is a plain value")
    return Condition(source, compiler.state(tree), compiler)


def _is_bool(tree: _ast.expr) -> bool:
    return isinstance(tree, _ast.Constant) and isinstance(tree.value, bool)


class _Compiler:
    """Turns a syntax tree into closures and notes what it asks for."""

    def __init__(self, source: Source, vocabulary: Vocabulary) -> None:
        self.source = source
        self.vocabulary = vocabulary
        self.attributes: set[str] = set()
        self.inputs: set[int] = set()
        self.outputs: set[int] = set()
        self.predicates: set[str] = set()
        self.slots = 0
        self._variables: dict[str, int] = {}
        self._depth = 0

    def state(self, node: _ast.expr) -> Run:
        """Compile an expression whose truth is asked for."""
        run = self.value(node)
        if isinstance(node, _ast.BoolOp | _ast.Compare) or (
            (isinstance(node, _ast.UnaryOp) and isinstance(node.op, _ast.Not))
            or (isinstance(node, _ast.Call) and isinstance(node.func, _ast.Name) and node.func.id in STATES)
        ):
            return run
        return lambda view, slots: truth(run(view, slots))

    def value(self, node: _ast.expr) -> Run:
        """Compile an expression."""
        constant = self._constant(node)
        if constant is not _NO_CONSTANT:
            return lambda view, slots: constant
        compile_node = _COMPILERS.get(node.__class__)
        if compile_node is None:
            raise self._error(node, REFUSED.get(node.__class__.__name__, "this is not part of the language"))
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(node, f"nested deeper than {MAX_DEPTH}")
        run = compile_node(self, node)
        self._depth -= 1
        return run

    def _error(self, node: _ast.AST, message: str) -> ConditionError:
        return self.source.error(node, message)

    def _constant(self, node: _ast.expr) -> Value:
        """The value of a literal, of a negative number, or of a list of them; `_NO_CONSTANT` for anything else."""
        if isinstance(node, _ast.Constant):
            if node.value.__class__ not in _PLAIN:
                raise self._error(
                    node, f"{node.value!r} is not a value of the language: only numbers, strings, True and False"
                )
            return node.value
        if (
            isinstance(node, _ast.UnaryOp)
            and isinstance(node.op, _ast.USub)
            and isinstance(node.operand, _ast.Constant)
        ):
            value = self._constant(node.operand)
            return _NO_CONSTANT if value.__class__ is str else -value
        if isinstance(node, _ast.List | _ast.Tuple):
            members = []
            for element in node.elts:
                if not isinstance(element, _ast.Constant | _ast.UnaryOp):
                    return _NO_CONSTANT
                members.append(self._constant(element))
            return _NO_CONSTANT if _NO_CONSTANT in members else tuple(members)
        return _NO_CONSTANT

    # Names

    def name(self, node: _ast.Name) -> Run:
        name = node.id
        if name in self._variables:
            slot = self._variables[name]
            return lambda view, slots: slots[slot]
        if self.vocabulary.names is not None:
            if name not in self.vocabulary.names:
                raise self._error(node, f"unknown name {name!r}{did_you_mean(name, self.vocabulary.names)}")
            self.attributes.add(name)
            return _flat(name)
        if name in NODE_NAMES:
            get = attrgetter(name)
            return lambda view, slots: get(view)
        self.attributes.add(name)
        return lambda view, slots: view.attribute(name)

    def member(self, node: _ast.Attribute) -> Run:
        name = self._dotted(node)
        if name is None:
            raise self._error(node, REFUSED["Attribute"])
        self.attributes.add(name)
        return lambda view, slots: view.attribute(name)

    def _dotted(self, node: _ast.expr) -> str | None:
        if self.vocabulary.dotted and isinstance(node, _ast.Attribute) and isinstance(node.value, _ast.Name):
            return f"{node.value.id}.{node.attr}"
        return None

    # Operators

    def bool_op(self, node: _ast.BoolOp) -> Run:
        parts = tuple(self.state(part) for part in node.values)
        decisive = isinstance(node.op, _ast.Or)

        def run(view: Any, slots: list[Any]) -> State:
            state: State = not decisive
            for part in parts:
                found: State = part(view, slots)
                if found is decisive:
                    return found
                if found is None:
                    state = None
            return state

        return run

    def unary_op(self, node: _ast.UnaryOp) -> Run:
        if isinstance(node.op, _ast.Not):
            operand = self.state(node.operand)
            return lambda view, slots: evaluate.negate(operand(view, slots))
        operator = node.op.__class__.__name__
        if operator in REFUSED:
            raise self._error(node, REFUSED[operator])
        compute = evaluate.minus if operator == "USub" else evaluate.plus
        operand = self.value(node.operand)
        return lambda view, slots: compute(operand(view, slots))

    def bin_op(self, node: _ast.BinOp) -> Run:
        operator = node.op.__class__.__name__
        if operator not in evaluate.ARITHMETIC:
            raise self._error(node, REFUSED[operator])
        compute = evaluate.ARITHMETIC[operator]
        left, right = self.value(node.left), self.value(node.right)
        return lambda view, slots: compute(left(view, slots), right(view, slots))

    def compare(self, node: _ast.Compare) -> Run:
        steps = []
        for op, operand in zip(node.ops, node.comparators, strict=True):
            operator = op.__class__.__name__
            if operator not in evaluate.COMPARISONS:
                raise self._error(node, REFUSED[operator])
            steps.append((evaluate.COMPARISONS[operator], self.value(operand)))
        left = self.value(node.left)
        compare, right = steps[0]
        if len(steps) > 1:
            return _chain(left, tuple(steps))
        constant = self._constant(node.comparators[0])
        if constant is not _NO_CONSTANT:
            return _against(left, node.ops[0].__class__.__name__, constant)
        return lambda view, slots: compare(left(view, slots), right(view, slots))

    def if_exp(self, node: _ast.IfExp) -> Run:
        test, one, two = self.state(node.test), self.value(node.body), self.value(node.orelse)

        def run(view: Any, slots: list[Any]) -> Value:
            state = test(view, slots)
            if state is None:
                return evaluate.choose(one(view, slots), two(view, slots))
            return one(view, slots) if state else two(view, slots)

        return run

    def subscript(self, node: _ast.Subscript) -> Run:
        container = self.value(node.value)
        if isinstance(node.slice, _ast.Slice):
            start, stop, step = map(self._bound, (node.slice.lower, node.slice.upper, node.slice.step))
            return lambda view, slots: evaluate.cut(
                container(view, slots), start(view, slots), stop(view, slots), step(view, slots)
            )
        index = self.value(node.slice)
        return lambda view, slots: evaluate.subscript(container(view, slots), index(view, slots))

    def _bound(self, node: _ast.expr | None) -> Run:
        return (lambda view, slots: OPEN) if node is None else self.value(node)

    # Lists

    def list_display(self, node: _ast.List | _ast.Tuple) -> Run:
        members = tuple(self.value(element) for element in node.elts)
        return lambda view, slots: tuple(member(view, slots) for member in members)

    def list_comp(self, node: _ast.ListComp) -> Run:
        return self._comprehension(node, self.value).as_list()

    def generator(self, node: _ast.GeneratorExp) -> Run:
        raise self._error(node, "write a list, [… for … in …]")

    def _comprehension(
        self, node: _ast.ListComp | _ast.GeneratorExp, element: Callable[[_ast.expr], Run]
    ) -> Comprehension:
        loop = node.generators[0]
        if len(node.generators) > 1 or len(loop.ifs) > 1 or loop.is_async:
            raise self._error(node, "a comprehension has one 'for' and at most one 'if'")
        if not isinstance(loop.target, _ast.Name):
            raise self._error(loop.target, "the variable of a comprehension is one name")
        name = loop.target.id
        if name in self._variables or name in NODE_NAMES or name in (self.vocabulary.names or ()):
            raise self._error(loop.target, f"{name!r} already has a meaning; give the variable another name")
        members = self.value(loop.iter)
        self.slots += 1
        self._variables[name] = slot = self.slots
        condition = self.state(loop.ifs[0]) if loop.ifs else None
        compiled = element(node.elt)
        del self._variables[name]
        return Comprehension(slot, members, condition, compiled)

    # Calls

    def call(self, node: _ast.Call) -> Run:
        if not isinstance(node.func, _ast.Name):
            raise self._error(node, "only a function's bare name can be called")
        if node.keywords:
            raise self._error(node.keywords[0], "functions take no keyword arguments")
        name = node.func.id
        if name in ARITIES:
            self._check_arity(node, name, ARITIES[name])
            return self._generic_call(node, name)
        if self.vocabulary.names is None:
            for table, noted in ((INPUT_FUNCTIONS, self.inputs), (OUTPUT_FUNCTIONS, self.outputs)):
                if name in table:
                    self._check_arity(node, name, (table[name], table[name]))
                    return self._indexed_call(node, name, noted)
            if name in NAME_FUNCTIONS:
                self._check_arity(node, name, (1, 1))
                return self._name_call(node, name)
            return self._predicate_call(node, name)
        raise self._error(node, f"unknown function {name!r}{did_you_mean(name, functions(self.vocabulary))}")

    def _check_arity(self, node: _ast.Call, name: str, count: tuple[int, int | None]) -> None:
        given, (least, most) = len(node.args), count
        if given < least or (most is not None and given > most):
            raise self._error(node, f"{name} takes {arity(count)}, not {given}")

    def _generic_call(self, node: _ast.Call, name: str) -> Run:
        first = node.args[0]
        if len(node.args) == 1 and isinstance(first, _ast.ListComp | _ast.GeneratorExp):
            if name == "any":
                return self._comprehension(first, self.state).as_any()
            if name == "all":
                return self._comprehension(first, self.state).as_all()
            argument = self._comprehension(first, self.value).as_list()
        else:
            argument = self.value(first)
        compute = evaluate.FUNCTIONS[name]
        if len(node.args) == 1:
            return lambda view, slots: compute(argument(view, slots))
        arguments = (argument, *(self.value(other) for other in node.args[1:]))
        return lambda view, slots: compute(*[run(view, slots) for run in arguments])

    def _indexed_call(self, node: _ast.Call, name: str, noted: set[int]) -> Run:
        constants = [
            self._index(argument, name, noted if not position else None) for position, argument in enumerate(node.args)
        ]
        if None not in constants:
            ask = methodcaller(name, *constants)
            return lambda view, slots: ask(view)
        runs = tuple(self.value(argument) for argument in node.args)

        def run(view: Any, slots: list[Any]) -> Value:
            indices = [index(view, slots) for index in runs]
            if any(index.__class__ is not int for index in indices):
                return None
            return getattr(view, name)(*indices)

        return run

    def _index(self, node: _ast.expr, name: str, noted: set[int] | None) -> int | None:
        """A constant index, noted and checked unless it is an axis; None where it is to be computed."""
        constant = self._constant(node)
        if constant is _NO_CONSTANT:
            return None
        if constant.__class__ is not int:
            raise self._error(node, f"{name} takes a number, not {constant!r}")
        if noted is not None:
            if constant < 0:
                raise self._error(node, f"inputs and outputs are counted from 0, not {constant}")
            noted.add(constant)
        index: int = constant
        return index

    def _name_call(self, node: _ast.Call, name: str) -> Run:
        argument = node.args[0]
        asked = argument.id if isinstance(argument, _ast.Name) else self._dotted(argument)
        if asked is None or asked in self._variables:
            raise self._error(argument, f"{name} takes the bare name of an attribute")
        self.attributes.add(asked)
        ask = methodcaller(name, asked)
        return lambda view, slots: ask(view)

    def _predicate_call(self, node: _ast.Call, name: str) -> Run:
        from sentis_lint import predicates

        predicate = predicates.find(name)
        if predicate is None:
            known = functions(self.vocabulary) | predicates.names()
            raise self._error(node, f"unknown function {name!r}{did_you_mean(name, known)}")
        self._check_arity(node, name, predicate.arity)
        self.predicates.add(name)
        if predicate.takes_inputs:
            for argument in node.args:
                self._index(argument, name, self.inputs)
        arguments = tuple(self.value(argument) for argument in node.args)
        return lambda view, slots: predicate(view, [argument(view, slots) for argument in arguments])


def _flat(name: str) -> Run:
    def run(view: Any, slots: list[Any]) -> Value:
        value = view.get(name)
        return tuple(value) if value.__class__ is list else value

    return run


def _chain(left: Run, steps: tuple[tuple[Callable[[Value, Value], State], Run], ...]) -> Run:
    def run(view: Any, slots: list[Any]) -> State:
        value = left(view, slots)
        state: State = True
        for compare, operand in steps:
            following = operand(view, slots)
            found = compare(value, following)
            if found is False:
                return False
            if found is None:
                state = None
            value = following
        return state

    return run


def _against(left: Run, operator: str, constant: Value) -> Run:
    """Comparison with a constant: what most conditions are, so plain values skip the three-valued rules."""
    compare = evaluate.COMPARISONS[operator]
    if (
        operator in {"In", "NotIn"}
        and constant.__class__ is tuple
        and all(member.__class__ in _PLAIN for member in constant)
    ):
        members, sought = frozenset(constant), operator == "In"
        return lambda view, slots: (
            (value in members) is sought
            if (value := left(view, slots)).__class__ in _PLAIN
            else compare(value, constant)
        )
    if operator == "Eq" and constant.__class__ in _PLAIN:
        return lambda view, slots: (
            value == constant if (value := left(view, slots)).__class__ in _PLAIN else compare(value, constant)
        )
    if operator == "NotEq" and constant.__class__ in _PLAIN:
        return lambda view, slots: (
            value != constant if (value := left(view, slots)).__class__ in _PLAIN else compare(value, constant)
        )
    return lambda view, slots: compare(left(view, slots), constant)


_COMPILERS: Final[dict[type, Callable[[_Compiler, Any], Run]]] = {
    _ast.BoolOp: _Compiler.bool_op,
    _ast.UnaryOp: _Compiler.unary_op,
    _ast.BinOp: _Compiler.bin_op,
    _ast.Compare: _Compiler.compare,
    _ast.IfExp: _Compiler.if_exp,
    _ast.Name: _Compiler.name,
    _ast.Attribute: _Compiler.member,
    _ast.Subscript: _Compiler.subscript,
    _ast.List: _Compiler.list_display,
    _ast.Tuple: _Compiler.list_display,
    _ast.ListComp: _Compiler.list_comp,
    _ast.GeneratorExp: _Compiler.generator,
    _ast.Call: _Compiler.call,
}

"""The condition language: what the `when` of a limit says, parsed once, evaluated to yes, no or unknown.

A condition is an expression over one node (`NODE`), or over plain values by name (`Vocabulary.flat`):
``ceil_mode != 0 and rank(0) == 4``. It looks like Python and is none: a whitelisted subset becomes closures.

Values are numbers, strings, booleans, lists, *unknown* (None) and *absent* (an attribute that neither the node nor the
standard's default gives). `and`, `or`, `not`, `any`, `all`, `in` and comparisons follow Kleene's logic of three values;
all else gives unknown as soon as it meets unknown, absent, a wrong type, an index out of range or a division by zero.
Absent equals nothing and is in nothing. Evaluation never raises. `vocabulary` lists the names and functions, `evaluate`
says what they do to unknown values.

Numbers are compared exactly: a float attribute has single precision, so that ``alpha == 0.1`` never holds, while
``alpha == float32(0.1)`` may.
"""

from sentis_lint.conditions.evaluate import ABSENT, Symbol
from sentis_lint.conditions.parse import Condition, parse
from sentis_lint.conditions.view import NodeView
from sentis_lint.conditions.vocabulary import NODE, PATTERN, ConditionError, Vocabulary

__all__ = ["ABSENT", "NODE", "PATTERN", "Condition", "ConditionError", "NodeView", "Symbol", "Vocabulary", "parse"]

"""`filter=` (RFC 7644 section 3.4.2.2) as a query, from the syntax tree of scim2-models.

Every clause becomes a condition or the whole filter is refused: a clause that is dropped would match other people's accounts.
"""

from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q
from scim2_models import ScimFilter
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from apps.lib.scim.errors import InvalidFilter
from apps.lib.xml import is_xml_text
from apps.scim.columns.comparing import EVERYBODY, NOBODY, Columns, Compare, Element

LONGEST = 1024  # characters
MOST_TERMS = 20
DEEPEST = 8


def conditions(kind: Any, query: str, columns: Columns, *, unknown: set[str] | None = None) -> Q:
    """
    `kind` is the resource's class. Raises InvalidFilter, and scim2-models' own error of that kind. With `unknown`, attributes that this kind
    does not have match nothing and are told there: for a search over several kinds.
    """
    if not query.strip():
        raise InvalidFilter("The filter is empty.")
    if len(query) > LONGEST:
        raise InvalidFilter(f"The filter is longer than {LONGEST} characters.")
    if not is_xml_text(query):
        raise InvalidFilter("The filter holds control characters.")
    try:
        parsed: ScimFilter[Any] = ScimFilter[kind](query)
        return _ToQuery(parsed, columns, unknown).visit(parsed.ast)
    except RecursionError:
        raise InvalidFilter("The filter is nested too deep.") from None


class _ToQuery(FilterVisitor[Q]):
    """Inside the brackets of a value path, `within` is the attribute before them and `element` one of its values."""

    def __init__(
        self,
        parsed: ScimFilter[Any],
        columns: Columns,
        unknown: set[str] | None,
        within: AttrPath | None = None,
        element: Element | None = None,
    ) -> None:
        self.parsed, self.columns, self.unknown = parsed, columns, unknown
        self.within, self.element = within, element
        self.terms = self.depth = 0

    def visit(self, node: FilterNode) -> Q:
        self.terms += isinstance(node, Comparison | Present)
        self.depth += 1
        if self.terms > MOST_TERMS or self.depth > DEEPEST:
            raise InvalidFilter(f"The filter has more than {MOST_TERMS} terms or {DEEPEST} levels.")
        condition = super().visit(node)
        self.depth -= 1
        return condition

    def visit_comparison(self, node: Comparison) -> Q:
        path, binding = self._bound(node.attr_path)
        if binding is None:
            return NOBODY
        value = coerce_value(binding, node.value, node.op)
        if binding.target_type is str and not isinstance(value, str | None):
            raise InvalidFilter(f"{path} is compared with text, in quotes.")
        if node.op == CompareOperator.ne:
            return ~self._condition(path, binding, CompareOperator.eq, value)
        if value is None and node.op != CompareOperator.eq:
            raise InvalidFilter(f"{path} cannot be {node.op.value} null.")
        return self._condition(path, binding, node.op, value)

    def visit_present(self, node: Present) -> Q:
        path, binding = self._bound(node.attr_path)
        return NOBODY if binding is None else ~self._condition(path, binding, CompareOperator.eq, None)

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        join = and_ if node.op == LogicalOperator.and_ else or_
        return reduce(join, [self.visit(term) for term in node.terms])

    def visit_value_path(self, node: ValuePath) -> Q:
        """`phoneNumbers[type eq "work" and value eq "x"]`: all of it is true of one and the same element."""
        path, binding = self._bound(node.attr_path)
        if binding is None:
            return NOBODY
        elements = self.columns.plural.get(binding.field_name, ())
        if not elements:
            raise InvalidFilter(f"{path} has no elements.")
        found = NOBODY
        for element in elements:
            inside = _ToQuery(self.parsed, self.columns, self.unknown, node.attr_path, element)
            inside.terms, inside.depth = self.terms, self.depth
            found |= element.holds(inside.visit(node.val_filter))
        self.terms = inside.terms
        return found

    def _bound(self, path: AttrPath) -> tuple[AttrPath, AttributeBinding | None]:
        if self.within is not None:
            path = AttrPath(self.within.attr, path.attr, self.within.uri)
        binding = self.parsed.resolve_comparison(path, strict=self.unknown is None)
        if binding is None and self.unknown is None:  # strict raises by itself
            raise InvalidFilter(f"There is no attribute {path}.")
        if binding is None and self.unknown is not None:
            self.unknown.add(str(path))
        return path, binding

    def _condition(self, path: AttrPath, binding: AttributeBinding, op: CompareOperator, value: Any) -> Q:
        condition = self._compared(binding, op, value)
        if condition is None:
            raise InvalidFilter(f"{path} cannot be filtered with {op.value}.")
        return condition

    def _compared(self, binding: AttributeBinding, op: CompareOperator, value: Any) -> Q | None:
        attribute, part = binding.field_name, binding.sub_field_name
        elements = self.columns.plural.get(attribute)
        if elements is None:
            return _made(self.columns.single.get((attribute, part)), op, value)
        if self.element is not None:
            return _made(self.element.parts.get(part or ""), op, value)
        if any((part or "") not in each.parts for each in elements):
            return None
        if value is None:  # no element has it
            return ~reduce(or_, [each.holds(EVERYBODY) for each in elements])
        compared = [(each, each.parts[part or ""](op, value)) for each in elements]
        if any(condition is None for _, condition in compared):
            return None
        return reduce(or_, [each.holds(condition) for each, condition in compared if condition is not None])


def _made(compare: Compare | None, op: CompareOperator, value: Any) -> Q | None:
    return None if compare is None else compare(op, value)

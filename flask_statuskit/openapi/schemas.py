"""Problems as schemas of marshmallow, for libraries that take these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import INCLUDE, Schema, fields, post_dump

from ..problem import Problem
from .parts import Json


class FieldErrorSchema(Schema):
    """A field error, for libraries that take schemas of marshmallow.

    >>> FieldErrorSchema().load({"detail": "Must be positive", "pointer": "#/age"})["pointer"]
    '#/age'
    """

    class Meta:
        unknown = INCLUDE

    detail: fields.String = fields.String(required=True)
    pointer: fields.String = fields.String()
    parameter: fields.String = fields.String()
    header: fields.String = fields.String()
    cookie: fields.String = fields.String()
    path: fields.String = fields.String()
    code: fields.String = fields.String()


class ProblemSchema(Schema):
    """A problem, for libraries that take schemas of marshmallow.

    It dumps a `Problem` or a mapping, and loads a mapping. Extension members stay as they are.

    >>> ProblemSchema().dump(Problem(409, title="Conflict", members={"order": 7}))
    {'type': 'about:blank', 'title': 'Conflict', 'status': 409, 'order': 7}
    """

    class Meta:
        unknown = INCLUDE

    type: fields.String = fields.String()
    title: fields.String = fields.String()
    status: fields.Integer = fields.Integer(strict=True)
    detail: fields.String = fields.String()
    instance: fields.String = fields.String()
    request_id: fields.String = fields.String()
    retry_after: fields.Integer = fields.Integer(strict=True)
    errors: fields.List[Any] = fields.List(fields.Nested(FieldErrorSchema))
    errors_omitted: fields.Integer = fields.Integer(strict=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return super().get_attribute(_as_mapping(obj), attr, default)

    @post_dump(pass_original=True)
    def _with_extension_members(self, data: Json, original: Any, **_options: Any) -> Json:
        # In the order of the problem, without fields that `only` or `exclude` have taken out.
        return {
            name: data.get(name, value)
            for name, value in _as_mapping(original).items()
            if name in data or name not in self.declared_fields
        }


def _as_mapping(problem: Any) -> Mapping[str, Any]:
    return problem.to_dict() if isinstance(problem, Problem) else problem

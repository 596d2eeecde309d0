"""JSON Schema 2020-12, which OpenAPI 3.1 has, in the words of OpenAPI 3.0."""

from __future__ import annotations

from .parts import Json

_NULL_30: Json = {"type": "string", "nullable": True, "enum": [None]}


def as_30(schema: Json) -> Json:
    """A schema of ours, which is JSON Schema 2020-12, as OpenAPI 3.0 has schemas."""
    listed = schema.get("type", [])
    kinds = [listed] if isinstance(listed, str) else listed
    if len(kinds) > 1:
        # Here, a schema has one type.
        null = [kind for kind in kinds if kind == "null"]
        types = [[kind, *null] for kind in kinds if kind != "null"]
        if len(types) > 1:
            return {"anyOf": [as_30({**schema, "type": kind}) for kind in types]}
        kinds = types[0]
    result: Json = {"type": kinds[0]} if kinds else {}
    if "null" in kinds:
        # It is only read beside a type.
        result |= {"nullable": True} if len(kinds) > 1 else _NULL_30
    if kinds[:1] == ["array"]:
        result["items"] = {}
    for key, value in schema.items():
        if key == "const":
            result["enum"] = [value]
        elif key == "examples":
            result["example"] = value[0]
        elif key == "properties":
            result[key] = {name: as_30(inner) for name, inner in value.items()}
        elif key in ("allOf", "anyOf", "oneOf"):
            result[key] = [as_30(inner) for inner in value]
        elif key in ("items", "additionalProperties"):
            result[key] = as_30(value)
        elif key == "prefixItems":
            # It cannot tell one place from another.
            result |= {"minItems": len(value), "maxItems": len(value)}
        elif key != "type":
            result[key] = value
    return result

"""Three questions that each database must be asked in its own words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class Bytewise(GenericFunction[str]):
    """A text as it is sorted byte by byte: PostgreSQL's own order has no use for a beginning."""

    type = Text()
    inherit_cache = True


class HasTag(GenericFunction[bool]):
    """Whether a JSON list holds a text."""

    type = Boolean()
    inherit_cache = True


class AttributeText(GenericFunction[str]):
    """A value of a JSON object, as text; NULL where there is none."""

    type = Text()
    inherit_cache = True


def _two(element: Any, compiler: SQLCompiler, **kw: Any) -> tuple[str, str]:
    left, right = element.clauses
    return compiler.process(left, **kw), compiler.process(right, **kw)


@compiles(Bytewise, "sqlite")
def _bytewise_sqlite(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(next(iter(element.clauses)), **kw)


@compiles(Bytewise, "postgresql")
def _bytewise_postgres(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f'({compiler.process(next(iter(element.clauses)), **kw)} COLLATE "C")'


@compiles(HasTag, "sqlite")
def _has_tag_sqlite(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    tags, tag = _two(element, compiler, **kw)
    return f"EXISTS (SELECT 1 FROM json_each({tags}) AS one WHERE one.value = {tag})"  # noqa: S608 - compiled


@compiles(HasTag, "postgresql")
def _has_tag_postgres(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    tags, tag = _two(element, compiler, **kw)
    return f"(CAST({tags} AS JSONB) @> jsonb_build_array(CAST({tag} AS TEXT)))"


@compiles(AttributeText, "sqlite")
def _attribute_sqlite(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    attributes, name = _two(element, compiler, **kw)
    # SQLite has no true and false of its own: as PostgreSQL says them.
    text = "CASE WHEN one.type IN ('true', 'false') THEN one.type ELSE CAST(one.value AS TEXT) END"
    return f"(SELECT {text} FROM json_each({attributes}) AS one WHERE one.key = {name})"  # noqa: S608 - compiled


@compiles(AttributeText, "postgresql")
def _attribute_postgres(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    attributes, name = _two(element, compiler, **kw)
    return f"({attributes} ->> CAST({name} AS TEXT))"

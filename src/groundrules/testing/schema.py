"""What a database holds, as PostgreSQL's catalogue tells it."""

from collections.abc import Iterator, Mapping

from groundrules.testing.database import Session

Schema = Mapping[str, str]

_SCHEMA = """
WITH relations AS (
    SELECT oid, relname, relkind FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
)
SELECT 'table ' || relname AS name, '' AS definition FROM relations WHERE relkind IN ('r', 'p')
UNION ALL
SELECT format('column %s.%s', relname, attname),
    concat_ws(', ',
        format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN 'not null' ELSE 'nullable' END,
        CASE
            WHEN attidentity = 'a' THEN 'always numbered'
            WHEN attidentity <> '' OR pg_get_expr(adbin, adrelid) LIKE 'nextval(%' THEN 'numbered'
            WHEN adbin IS NULL THEN 'no default'
            ELSE 'default ' || replace(pg_get_expr(adbin, adrelid), 'CURRENT_TIMESTAMP', 'now()')
        END)
FROM relations
JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind IN ('r', 'p')
UNION ALL
SELECT format('constraint %s of %s', conname, relname), pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint JOIN relations ON relations.oid = conrelid
WHERE contype <> 't'
UNION ALL
SELECT format('index %s of %s', relations.relname, pg_class.relname), pg_get_indexdef(indexrelid)
FROM pg_index
JOIN relations ON relations.oid = indexrelid
JOIN pg_class ON pg_class.oid = indrelid
WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
    AND pg_class.relname <> 'alembic_version'
UNION ALL
SELECT format('trigger %s of %s', tgname, relname), pg_get_triggerdef(pg_trigger.oid)
FROM pg_trigger JOIN relations ON relations.oid = tgrelid
WHERE NOT tgisinternal
UNION ALL
SELECT CASE relkind WHEN 'S' THEN 'sequence ' ELSE 'view ' END || relname, ''
FROM relations
WHERE relkind IN ('v', 'm') OR relkind = 'S' AND NOT EXISTS (
    SELECT FROM pg_depend WHERE objid = relations.oid AND deptype IN ('a', 'i')
)
UNION ALL
SELECT 'function ' || proname, prosrc FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
    SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e'
)
UNION ALL
SELECT 'type ' || typname,
    concat_ws(', ', VARIADIC array(
        SELECT enumlabel::text FROM pg_enum WHERE enumtypid = pg_type.oid ORDER BY enumsortorder
    ))
FROM pg_type
WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd') AND NOT EXISTS (
    SELECT FROM pg_depend WHERE objid = pg_type.oid AND deptype = 'e'
)
"""


async def schema_of(database: Session) -> Schema:
    """Return all that a database holds but rows and Alembic's own table: definitions by names.

    The names are like `table users`, `column users.email`, `constraint uq_users_email of users`,
    `index uq_loans_open of loans`, `type colour`. The column's definition is like
    `character varying(254), not null, no default`.
    """
    return {row["name"]: row["definition"] for row in await database.fetch(_SCHEMA)}


def differences(wanted: Schema, found: Schema, *, by: str, made_by: str) -> Iterator[str]:
    """Yield a sentence for each thing that two databases do not have in common.

    Those that are about a table come first, and nothing is said of what is in a table that is missing.

    :param by: what asks for `wanted`, as `the models`; `made_by` is what made `found`.
    """
    missing = {name for name in wanted.keys() - found.keys() if name.startswith("table ")}
    for name in sorted(missing):
        yield f"The {name} is missing: {by} have it, {made_by} do not create it"
    gone = {name.removeprefix("table ") for name in missing}
    for name in sorted(wanted.keys() | found.keys()):
        owner = name.rpartition(" of ")[2].removeprefix("column ").partition(".")[0]
        if name in missing or owner in gone:
            continue
        if name not in found:
            yield f"The {name} is missing: {by} have it, {made_by} do not create it"
        elif name not in wanted:
            yield f"The {name} must not exist: {made_by} create it, {by} do not have it"
        elif wanted[name] != found[name]:
            yield (
                f"The {name} differs: by {by} it is `{wanted[name]}`, {made_by} create "
                f"`{found[name]}`"
            )

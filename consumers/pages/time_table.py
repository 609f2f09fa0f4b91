"""Which classes a table of time shows: those that occur, the promised ones first."""

from projections.figures import Class, ClassesMs, Statement

ORDER: tuple[Class, ...] = (
    "up",
    "down",
    "unknown",
    "excluded-maintenance",
    "excluded-force-majeure",
    "outside",
)
ALWAYS: frozenset[Class] = frozenset({"up", "down", "unknown"})


def length_of(classes_ms: ClassesMs, class_: Class) -> int:
    """How long one class lasted."""
    length_ms: int = getattr(classes_ms, class_.replace("-", "_"))
    return length_ms


def total_of(classes_ms: ClassesMs) -> int:
    """How long all classes lasted: the whole period."""
    return sum(length_of(classes_ms, each) for each in ORDER)


def columns_of(statement: Statement) -> list[Class]:
    """The classes to show: what was promised or must be told, and any other that occurs."""
    platforms = statement.availability.platforms
    return [
        class_
        for class_ in ORDER
        if class_ in ALWAYS or any(length_of(each.classes_ms, class_) for each in platforms)
    ]

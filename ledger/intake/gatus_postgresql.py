"""The results that a Gatus keeps in PostgreSQL; needs the extra `postgresql` of this package."""

from ledger.intake.foreign_postgresql import ForeignDatabase
from ledger.intake.gatus_tables import GatusTables


class GatusDatabase(ForeignDatabase, GatusTables):
    """The PostgreSQL database of a Gatus, which may be in use; nothing is written."""

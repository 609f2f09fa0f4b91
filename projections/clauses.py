"""The sections of the contract, by the names that a figure cites them under."""

from ledger.readings import AVAILABILITY, QUALITY

__all__ = ["ARCHITECTURE", "AVAILABILITY", "BACKUPS", "INCIDENTS", "PERSONAL_DATA", "QUALITY", "STORAGE"]

ARCHITECTURE = "Architecture du service"
BACKUPS = "Gestion des données et Backups"
INCIDENTS = "Gestion d'incidents"
PERSONAL_DATA = "Règlement général sur la protection des données (RGPD)"
STORAGE = "Espace de stockage"

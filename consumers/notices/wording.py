"""The sentences of a notice of maintenance and of an alert, in French and in English."""

from collections.abc import Mapping
from dataclasses import dataclass

from consumers.notices.occasions import Kind


@dataclass(frozen=True)
class Wording:
    """One language. What stands in braces is filled in by the letter."""

    subjects: Mapping[Kind, str]
    openings: Mapping[Kind, str]
    greeting: str
    when: str
    formerly: str
    platforms: str
    reasons: Mapping[Kind, str]
    clause: Mapping[Kind, str]
    attached: str
    closing: str


FRENCH = Wording(
    subjects={
        "published": "Maintenance programmée {name} : {start}",
        "moved": "Maintenance {name} déplacée : {start}",
        "withdrawn": "Maintenance {name} annulée",
        "alert": "Alerte : perte de données, incident {name}",
    },
    openings={
        "published": "Une maintenance est programmée sur votre service.",
        "moved": "La maintenance annoncée auparavant est déplacée.",
        "withdrawn": "La maintenance annoncée auparavant n'aura pas lieu.",
        "alert": "Un incident a entraîné une perte de données sur votre service.",
    },
    greeting="Bonjour {name},",
    when="Du {start}\nau {end}",
    formerly="Auparavant : du {start}\nau {end}",
    platforms="Plateformes concernées : {platforms}",
    reasons={
        "published": "Objet : {text}",
        "moved": "Motif : {text}",
        "withdrawn": "Motif : {text}",
        "alert": "Ce qui est arrivé, depuis le {start} : {text}",
    },
    clause={
        "published": "Cet avis vous est donné en application de la section « Disponibilité du service » du "
        "contrat {contract}.",
        "moved": "Cet avis remplace le précédent, en application de la section « Disponibilité du "
        "service » du contrat {contract}.",
        "withdrawn": "Plus rien n'est annoncé sous ce nom, au titre du contrat {contract}.",
        "alert": "Cette alerte vous est adressée en application de la section « Règlement général sur la "
        "protection des données (RGPD) » du contrat {contract}.",
    },
    attached="Le fichier joint met votre agenda à jour.",
    closing="{provider}\nAvis {fact} du registre",
)
ENGLISH = Wording(
    subjects={
        "published": "Scheduled maintenance {name}: {start}",
        "moved": "Maintenance {name} moved: {start}",
        "withdrawn": "Maintenance {name} cancelled",
        "alert": "Alert: loss of data, incident {name}",
    },
    openings={
        "published": "Maintenance is scheduled on your service.",
        "moved": "The maintenance that was announced before is moved.",
        "withdrawn": "The maintenance that was announced before will not take place.",
        "alert": "An incident has led to a loss of data on your service.",
    },
    greeting="Hello {name},",
    when="From {start}\nto {end}",
    formerly="Before: from {start}\nto {end}",
    platforms="Platforms concerned: {platforms}",
    reasons={
        "published": "What will be done: {text}",
        "moved": "Why: {text}",
        "withdrawn": "Why: {text}",
        "alert": "What happened, since {start}: {text}",
    },
    clause={
        "published": "This notice is given under the section “Disponibilité du service” of contract "
        "{contract}.",
        "moved": "This notice takes the place of the one before, under the section “Disponibilité du "
        "service” of contract {contract}.",
        "withdrawn": "Nothing is announced under this name any more, as regards contract {contract}.",
        "alert": "This alert is sent under the section “Règlement général sur la protection des données "
        "(RGPD)” of contract {contract}.",
    },
    attached="The attached file updates your calendar.",
    closing="{provider}\nNotice {fact} of the register",
)
WORDINGS: Mapping[str, Wording] = {"fr": FRENCH, "en": ENGLISH}

"""The words of the register of personal data, in French and in English; set as those of a statement are."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from consumers.pages.words import typeset_words
from ledger.errors import BadInputError


@dataclass(frozen=True)
class PersonalWords:
    """One language. What stands in braces is filled in by the page."""

    language: Literal["fr", "en"]
    title: str
    contract_line: str
    as_known: str
    summary_none: str
    summary_transfers: str
    processors_title: str
    processors_caption: str
    processors_none: str
    processor: str
    address: str
    registration: str
    role: str
    since: str
    until: str
    lasting: str
    lasts: str
    lasted: str
    when: Mapping[str, str]
    components_title: str
    components_caption: str
    components_note: str
    components_none: str
    component: str
    platform: str
    kind: str
    kinds: Mapping[str, str]
    transfers: str
    outside: str
    inside: str
    fact: str
    check_title: str
    check_how: str
    check_same: str


_FRENCH = PersonalWords(
    language="fr",
    title="Registre des données personnelles",
    contract_line="Contrat {contract}, section « {clause} »",
    as_known="Selon ce qui était connu le {instant}, à la position {position} du journal ; état au {day}",
    summary_none="Aucun composant en service ne peut transférer de données hors de l'Union européenne.",
    summary_transfers="Des composants en service peuvent transférer des données hors de l'Union européenne : "
    "{components}.",
    processors_title="Sous-traitants",
    processors_caption="Qui d'autre traite les données personnelles des plateformes, et depuis quand",
    processors_none="Aucun sous-traitant n'est enregistré.",
    processor="Sous-traitant",
    address="Adresse",
    registration="Immatriculation",
    role="Rôle",
    since="Depuis",
    until="Jusqu'au",
    lasting="–",
    lasts="depuis le {first}",
    lasted="du {first} au {last}",
    when={"past": "terminé", "present": "en cours", "future": "à venir"},
    components_title="Composants optionnels",
    components_caption="Ce que le client a choisi d'utiliser, plateforme par plateforme",
    components_note="Le client décide en conscience d'utiliser ou non ces composants, selon le besoin et la "
    "finalité de sa plateforme.",
    components_none="Aucun composant optionnel n'est enregistré.",
    component="Composant",
    platform="Plateforme",
    kind="Usage",
    kinds={
        "analytics": "mesure d'audience",
        "sharing": "partage sur les réseaux",
        "sign-on": "connexion par un tiers",
        "drive": "espace de fichiers",
    },
    transfers="Données",
    outside="les données peuvent sortir de l'Union européenne",
    inside="les données restent dans l'Union européenne",
    fact="fait {position}",
    check_title="Vérifier ce registre",
    check_how="Quiconque détient le journal obtient de nouveau ce registre avec :",
    check_same="Les mêmes faits connus donnent la même empreinte tout ce jour-là :",
)
_ENGLISH = PersonalWords(
    language="en",
    title="Register of personal data",
    contract_line="Contract {contract}, section «{clause}»",
    as_known="As known on {instant}, at position {position} of the ledger; as it stands on {day}",
    summary_none="No component in use may transfer data outside the European Union.",
    summary_transfers="Components in use may transfer data outside the European Union: {components}.",
    processors_title="Sub-processors",
    processors_caption="Who else processes the personal data of the platforms, and since when",
    processors_none="No sub-processor is recorded.",
    processor="Sub-processor",
    address="Address",
    registration="Registration",
    role="Role",
    since="From",
    until="To",
    lasting="–",
    lasts="since {first}",
    lasted="{first} to {last}",
    when={"past": "ended", "present": "in force", "future": "to come"},
    components_title="Optional components",
    components_caption="What the client chose to use, platform by platform",
    components_note="The client decides in conscience whether to use these components, by the needs and the "
    "purpose of its platform.",
    components_none="No optional component is recorded.",
    component="Component",
    platform="Platform",
    kind="Use",
    kinds={
        "analytics": "audience measurement",
        "sharing": "sharing on networks",
        "sign-on": "sign-on by a third party",
        "drive": "file storage",
    },
    transfers="Data",
    outside="data may leave the European Union",
    inside="data stay within the European Union",
    fact="fact {position}",
    check_title="Check this register",
    check_how="Whoever has the ledger gets this register again with:",
    check_same="The same facts known give the same digest all that day:",
)
_KNOWN = {"fr": _FRENCH, "en": _ENGLISH}


@lru_cache
def of(language: str) -> PersonalWords:
    """The words of a language.

    Raises:
        BadInputError: the page does not speak it.
    """
    if language not in _KNOWN:
        raise BadInputError(f"no words in {language!r}; the page exists in: {', '.join(sorted(_KNOWN))}")
    return typeset_words(_KNOWN[language], language)

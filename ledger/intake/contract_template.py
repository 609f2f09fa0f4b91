"""The template of a contract file: every clause with its section, every reading with all its choices."""

import json
from collections.abc import Iterator, Mapping
from textwrap import wrap

from ledger.intake.contract_file import Language
from ledger.readings import QUESTIONS, Question
from ledger.terms import Terms

_HEAD: Mapping[Language, str] = {
    "fr": """\
# Contrat de service. Les clauses sont celles de l'accord de niveau de service « Jamespot.Pro » ; chaque
# clause cite la section qu'elle transcrit. Remplacez le nom, le client, le premier jour, les plateformes.
""",
    "en": """\
# A service contract. Its clauses are those of the service level agreement "Jamespot.Pro"; each cites the
# section that it transcribes. Put in the name, the client, the first day, the platforms.
""",
}
_CLAUSES: Mapping[str, tuple[str, str, str]] = {
    "target_percent": ("Qualité de Services", "le taux de disponibilité promis", "the availability promised"),
    "daily_allowance_minutes": (
        "Qualité de Services",
        "le temps maximum de panne par jour",
        "the most minutes down a day",
    ),
    "tranche_minutes": (
        "Qualité de Services",
        "la durée d'une tranche d'indisponibilité",
        "the length of a tranche of unavailability",
    ),
    "days_per_tranche": (
        "Qualité de Services",
        "les jours gratuits par tranche",
        "free days for each tranche",
    ),
    "cap_days": (
        "Qualité de Services",
        "le plafond des pénalités : une année",
        "the cap on penalties: one year",
    ),
    "holiday_calendar": (
        "Qualité de Services",
        "les jours fériés de ce pays (ou FR-57…) ; vide : aucun",
        "the public holidays of this country (or FR-57 …); empty: none",
    ),
    "extra_holidays": ("Qualité de Services", "d'autres jours fermés", "other days closed"),
    "maintenance_days_per_quarter_min": (
        "Qualité de Services",
        "la maintenance programmée, au moins tant de jours par trimestre",
        "scheduled maintenance, at least so many days a quarter",
    ),
    "notice_hours": (
        "Disponibilité du service",
        "l'annonce par e-mail, tant d'heures avant",
        "the e-mail notice, so many hours before",
    ),
    "maintenance_windows": (
        "Disponibilité du service",
        "où la maintenance peut se placer",
        "where maintenance may lie",
    ),
    "stale_after_seconds": (
        "-",
        "un résultat de sonde vaut au plus si longtemps",
        "a result of a probe holds at most so long",
    ),
    "agents_min": ("-", "les sondes qu'il faut pour un verdict", "the agents needed for a verdict"),
    "agent_weights": (
        "-",
        'le poids de chaque sonde, pour quorum = "weighted"',
        'the weight of each agent, for quorum = "weighted"',
    ),
    "assessment_grace_hours": (
        "-",
        "une période est arrêtée tant d'heures après sa fin",
        "a period is assessed so many hours after its end",
    ),
    "support_answer_hours": (
        "Gestion d'incidents",
        "la réponse au support, en heures",
        "an answer of support, in hours",
    ),
    "directory_sync_hours_max": (
        "Règlement général sur la protection des données (RGPD)",
        "l'âge maximal de la liste synchronisée des administrateurs, en heures",
        "how old the synchronised list of administrators may become, in hours",
    ),
    "backup_kept_days": (
        "Gestion des données et Backups",
        "la conservation des sauvegardes",
        "how long backups are kept",
    ),
    "operators": ("Architecture du service", "les opérateurs", "the operators"),
    "operators_min": (
        "Architecture du service",
        "chez combien d'opérateurs les données sont en redondance",
        "with how many operators the data lie",
    ),
    "browsers": (
        "Architecture du service",
        "les navigateurs, par version majeure minimale",
        "the browsers, by lowest major version",
    ),
    "storage_quota_gb": (
        "Espace de stockage",
        "l'espace de stockage par offre, en Go",
        "the storage of each offer, in GB",
    ),
}


def template(language: Language) -> str:
    """The contract file of the agreement, every clause spelled out, commented in a language."""
    terms = json.loads(Terms().model_dump_json(by_alias=True))
    readings = terms.pop("readings")
    lines = [_HEAD[language], *_about(language), "", "[terms]"]
    for key, value in terms.items():
        section, fr, en = _CLAUSES[key]
        lines.append(f"# {fr if language == 'fr' else en}" + (f" [{section}]" if section != "-" else ""))
        lines.append(f"{key} = {toml(value)}")
    lines += ["", "[terms.readings]"]
    for question in QUESTIONS:
        lines += _reading(question, readings[question.name], language)
    return "\n".join(lines) + "\n"


def _about(language: Language) -> Iterator[str]:
    yield 'contract = "acme"'
    yield 'client = "Acme SAS"'
    yield f'language = "{language}"'
    yield 'zone = "Europe/Paris"'
    yield "first_day = 2026-10-01"
    yield "# last_day = 2027-09-30"
    yield ""
    yield "[[platforms]]"
    yield 'platform = "acme-prod"'
    yield 'offer = "enterprise"  # fast-track, professional, enterprise, vault'


def _reading(question: Question, value: str, language: Language) -> Iterator[str]:
    asked = question.fr if language == "fr" else question.en
    yield ""
    yield f"# {asked} [{question.clause}]"
    for choice in question.choices:
        meaning = choice.fr if language == "fr" else choice.en
        first, *rest = wrap(f'"{choice.value}": {meaning}', 100)
        yield f"#   {first}"
        yield from (f"#     {line}" for line in rest)
    yield f"{question.name} = {toml(value)}"


def toml(value: object) -> str:
    """A value as a contract file writes it."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{_key(key)} = {toml(each)}" for key, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key)

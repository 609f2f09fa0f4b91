"""The readings: every clause of the contract that can be understood in more than one way, as data.

A reading has a name, the question that it answers, the section of the contract that it reads, and its
possible values; the first is the default. The rule of each value is in `docs/spec/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, field_validator

from ledger.schedule import Schedule

AVAILABILITY = "Disponibilité du service"
QUALITY = "Qualité de Services"


class Readings(BaseModel):
    """The reading in force of every ambiguous clause."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        alias_generator=lambda name: name.replace("_", "-"),
    )

    period: Literal["30-days", "calendar-month", "rolling-30-days"] = "30-days"
    service_hours: str = "Mo-Fr 09:00-18:00; PH off"
    quorum: Literal["majority", "any", "all", "weighted"] = "majority"
    degraded: Literal["up", "down"] = "up"
    notice: Literal["binding", "best-effort"] = "binding"
    notice_clock: Literal["given", "recorded"] = "given"
    maintenance_hours: Literal["allowed-windows", "anywhere"] = "allowed-windows"
    maintenance_extent: Literal["announced", "work"] = "announced"
    maintenance_ceiling: Literal["none", "one-day-a-quarter"] = "none"
    force_majeure: Literal["accepted", "claimed"] = "accepted"
    excluded_time: Literal["leaves-base", "counts-as-up"] = "leaves-base"
    unknown_time: Literal["disputed", "as-up", "as-down"] = "disputed"
    target: Literal["share", "daily", "both"] = "share"
    penalised: Literal["all", "beyond-allowance"] = "all"
    tranche: Literal["complete", "started"] = "complete"
    tranche_over: Literal["period", "outage"] = "period"
    several_platforms: Literal["each", "worst"] = "each"
    cap: Literal["contract", "contract-year"] = "contract"

    @field_validator("service_hours")
    @classmethod
    def _is_a_weekly_schedule(cls, text: str) -> str:
        Schedule.parse(text)
        return text

    def changed(self, changes: Mapping[str, str]) -> Self:
        """These readings with some replaced, by their hyphenated names.

        Raises:
            ValueError: no such reading, or no such value of it (pydantic's error).
        """
        return type(self).model_validate(self.model_dump(by_alias=True) | dict(changes))


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a reading and what it means, in the client's language."""

    value: str
    en: str
    fr: str


@dataclass(frozen=True, slots=True)
class Question:
    """An ambiguous clause: what is asked, where the contract says it, and the possible answers."""

    name: str
    clause: str
    en: str
    fr: str
    choices: tuple[Choice, ...]
    is_open: bool = False
    """Whether other values than the listed ones are possible (`service-hours`)."""


QUESTIONS: tuple[Question, ...] = (
    Question(
        "period",
        QUALITY,
        "Over what is availability measured?",
        "Sur quoi la disponibilité est-elle mesurée ?",
        (
            Choice(
                "30-days",
                "consecutive periods of 30 local days from the first day",
                "périodes consécutives de 30 jours locaux depuis le premier jour",
            ),
            Choice("calendar-month", "each calendar month", "chaque mois civil"),
            Choice(
                "rolling-30-days",
                "each local day ends a window of 30 days",
                "chaque jour local clôt une fenêtre de 30 jours",
            ),
        ),
    ),
    Question(
        "service-hours",
        QUALITY,
        "In which hours does the contract measure?",
        "Pendant quelles heures le contrat mesure-t-il ?",
        (
            Choice(
                "Mo-Fr 09:00-18:00; PH off",
                "office hours, public holidays closed",
                "heures de bureau, jours fériés exclus",
            ),
            Choice(
                "Mo-Fr 09:00-18:00",
                "office hours, public holidays open",
                "heures de bureau, jours fériés compris",
            ),
            Choice(
                "24/7",
                "always: what « 7 minutes a day » means",
                "toujours : ce que veut dire « 7 minutes par jour »",
            ),
        ),
        is_open=True,
    ),
    Question(
        "quorum",
        QUALITY,
        "How many agents must say down?",
        "Combien d'agents doivent dire « hors service » ?",
        (
            Choice(
                "majority",
                "more than half of those that are known",
                "plus de la moitié de ceux qui sont connus",
            ),
            Choice("any", "one is enough", "un seul suffit"),
            Choice("all", "all that are known", "tous ceux qui sont connus"),
            Choice("weighted", "more than half of the known weight", "plus de la moitié du poids connu"),
        ),
    ),
    Question(
        "degraded",
        QUALITY,
        "Does a degraded service count as up?",
        "Un service dégradé compte-t-il comme disponible ?",
        (Choice("up", "yes", "oui"), Choice("down", "no", "non")),
    ),
    Question(
        "notice",
        AVAILABILITY,
        "Must the notice be given 24 hours before, or as far as possible?",
        "L'annonce doit-elle précéder de 24 heures, ou dans la mesure du possible ?",
        (
            Choice(
                "binding",
                "24 hours before, or the work counts as downtime",
                "24 heures avant, sinon l'intervention compte",
            ),
            Choice("best-effort", "before is enough", "avant suffit"),
        ),
    ),
    Question(
        "notice-clock",
        AVAILABILITY,
        "Which clock says when a notice was given?",
        "Quelle horloge dit quand l'annonce a été donnée ?",
        (
            Choice(
                "given",
                "the moment at which the client's mail server accepted it",
                "l'instant où le serveur du client l'a acceptée",
            ),
            Choice(
                "recorded",
                "the moment at which the ledger took it down",
                "l'instant où elle a été inscrite au journal",
            ),
        ),
    ),
    Question(
        "maintenance-hours",
        AVAILABILITY,
        "Where may scheduled maintenance lie?",
        "Où la maintenance programmée peut-elle se placer ?",
        (
            Choice("allowed-windows", "only in the allowed windows", "seulement dans les fenêtres permises"),
            Choice("anywhere", "anywhere, once announced", "n'importe où, une fois annoncée"),
        ),
    ),
    Question(
        "maintenance-extent",
        AVAILABILITY,
        "Is the announced interval excluded, or the work really done?",
        "Est-ce l'intervalle annoncé qui est exclu, ou l'intervention réelle ?",
        (
            Choice("announced", "the announced interval", "l'intervalle annoncé"),
            Choice(
                "work",
                "from started to finished, cut to the announced interval",
                "du début à la fin réels, dans l'intervalle annoncé",
            ),
        ),
    ),
    Question(
        "maintenance-ceiling",
        QUALITY,
        "Is there a ceiling on excluded maintenance?",
        "La maintenance exclue est-elle plafonnée ?",
        (
            Choice("none", "no", "non"),
            Choice(
                "one-day-a-quarter",
                "the first 24 hours in service hours of each calendar quarter",
                "les premières 24 heures ouvrées de chaque trimestre civil",
            ),
        ),
    ),
    Question(
        "force-majeure",
        QUALITY,
        "Which claims of force majeure exclude time?",
        "Quelles demandes de force majeure excluent du temps ?",
        (
            Choice("accepted", "those accepted by a ruling", "celles qu'une décision a acceptées"),
            Choice("claimed", "all that were not rejected", "toutes celles qui n'ont pas été rejetées"),
        ),
    ),
    Question(
        "excluded-time",
        QUALITY,
        "Does excluded time leave the base or count as up?",
        "Le temps exclu sort-il de la base ou compte-t-il comme disponible ?",
        (
            Choice("leaves-base", "it leaves the base", "il sort de la base"),
            Choice("counts-as-up", "it counts as up", "il compte comme disponible"),
        ),
    ),
    Question(
        "unknown-time",
        QUALITY,
        "What is time in which nobody observed?",
        "Que vaut le temps que personne n'a observé ?",
        (
            Choice("disputed", "in neither side; shown apart", "d'aucun côté ; montré à part"),
            Choice("as-up", "up", "disponible"),
            Choice("as-down", "down", "indisponible"),
        ),
    ),
    Question(
        "target",
        QUALITY,
        "What must be met?",
        "Que faut-il respecter ?",
        (
            Choice("share", "the share of the period", "le taux sur la période"),
            Choice("daily", "the minutes of each local day", "les minutes de chaque jour local"),
            Choice("both", "both", "les deux"),
        ),
    ),
    Question(
        "penalised",
        QUALITY,
        "Which downtime is penalised once the target is missed?",
        "Quelle indisponibilité est pénalisée quand le taux n'est pas respecté ?",
        (
            Choice("all", "all of it", "toute"),
            Choice("beyond-allowance", "what exceeds the allowance", "ce qui dépasse la tolérance"),
        ),
    ),
    Question(
        "tranche",
        QUALITY,
        "Must a tranche of 60 minutes be complete?",
        "Une tranche de 60 minutes doit-elle être complète ?",
        (
            Choice("complete", "yes", "oui"),
            Choice("started", "no: begun is enough", "non : commencée suffit"),
        ),
    ),
    Question(
        "tranche-over",
        QUALITY,
        "Are tranches counted over the period or over each outage?",
        "Les tranches se comptent-elles sur la période ou par panne ?",
        (
            Choice("period", "over the period", "sur la période"),
            Choice("outage", "over each outage", "par panne"),
        ),
    ),
    Question(
        "several-platforms",
        QUALITY,
        "Do the days of several platforms add up?",
        "Les jours de plusieurs plateformes s'ajoutent-ils ?",
        (
            Choice("each", "yes", "oui"),
            Choice("worst", "no: the largest counts", "non : le plus grand compte"),
        ),
    ),
    Question(
        "cap",
        QUALITY,
        "Over what does the cap of one year hold?",
        "Sur quoi porte le plafond d'un an ?",
        (
            Choice("contract", "the whole contract", "tout le contrat"),
            Choice("contract-year", "each year of the contract", "chaque année du contrat"),
        ),
    ),
)

"""A change of sub-processor in words: who, from which day on, what is otherwise, and why [RGPD]."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from consumers.pages import words
from consumers.pages.format import Format
from projections.processor_changes import ProcessorChange

What = Literal["engaged", "changed", "dismissed"]
_PARTS = ("name", "address", "registration", "role")
_NO_ZONE = ZoneInfo("UTC")
"""Days are written as they stand: in them is no instant that a zone could move."""


@dataclass(frozen=True)
class Wording:
    """One language. What stands in braces is filled in."""

    subjects: Mapping[What, str]
    greeting: str
    openings: Mapping[What, str]
    parts: Mapping[str, str]
    formerly: str
    reason: str
    clause: str
    closing: str


WORDINGS: Mapping[str, Wording] = {
    "fr": Wording(
        subjects={
            "engaged": "Nouveau sous-traitant {company}, à partir du {day}",
            "changed": "Sous-traitant {company} : changement à partir du {day}",
            "dismissed": "Sous-traitant {company} : fin après le {day}",
        },
        greeting="Bonjour {name},",
        openings={
            "engaged": "À partir du {day}, la société suivante traite des données personnelles de vos "
            "plateformes.",
            "changed": "À partir du {day}, ce qui suit change chez une société qui traite des données "
            "personnelles de vos plateformes.",
            "dismissed": "Après le {day}, la société suivante ne traite plus de données personnelles de vos "
            "plateformes.",
        },
        parts={
            "name": "Société : {value}",
            "address": "Adresse : {value}",
            "registration": "Immatriculation : {value}",
            "role": "Rôle : {value}",
        },
        formerly="{line} (auparavant : {value})",
        reason="Motif : {text}",
        clause="Vous en êtes informé en application de la section « Règlement général sur la protection des "
        "données (RGPD) » du contrat {contract}, où figure la liste des sous-traitants.",
        closing="{provider}\nAnnonce {position} du registre",
    ),
    "en": Wording(
        subjects={
            "engaged": "New sub-processor {company}, from {day}",
            "changed": "Sub-processor {company}: changed from {day}",
            "dismissed": "Sub-processor {company}: ends after {day}",
        },
        greeting="Hello {name},",
        openings={
            "engaged": "From {day} on, this company processes personal data of your platforms.",
            "changed": "From {day} on, the following is otherwise of a company that processes personal data "
            "of your platforms.",
            "dismissed": "After {day}, this company no longer processes personal data of your platforms.",
        },
        parts={
            "name": "Company: {value}",
            "address": "Address: {value}",
            "registration": "Registration: {value}",
            "role": "Role: {value}",
        },
        formerly="{line} (before: {value})",
        reason="Why: {text}",
        clause="You are told under the section “Règlement général sur la protection des données (RGPD)” of "
        "contract {contract}, which lists the sub-processors.",
        closing="{provider}\nAnnouncement {position} of the register",
    ),
}


@dataclass(frozen=True, slots=True)
class Announced:
    """What a letter about a change says, in one language."""

    change: ProcessorChange
    language: str
    provider: str

    def subject(self) -> str:
        """The change in one line."""
        return self._wording.subjects[self.change.what].format(
            company=self.change.after.name, day=self._day()
        )

    def body(self, name: str) -> str:
        """Paragraphs with an empty line between them."""
        change, wording = self.change, self._wording
        parts = [
            wording.greeting.format(name=name),
            wording.openings[change.what].format(day=self._day()),
            "\n".join(self._company()),
            *([wording.reason.format(text=change.reason)] if change.reason else []),
            wording.clause.format(contract=change.contract),
            wording.closing.format(provider=self.provider, position=change.position),
        ]
        return "\n\n".join(parts) + "\n"

    def _company(self) -> Iterator[str]:
        """Each detail, and beside it what it was where the change is of that."""
        for part in _PARTS:
            value = getattr(self.change.after, part)
            line = self._wording.parts[part].format(value=value)
            before = getattr(self.change.before, part, value)
            yield line if before == value else self._wording.formerly.format(line=line, value=before)

    def _day(self) -> str:
        return Format(words.of(self.language), _NO_ZONE, None).day(self.change.effective_day)

    @property
    def _wording(self) -> Wording:
        return WORDINGS[self.language]

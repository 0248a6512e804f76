"""What a checkpoint is worth: the scoreboard of `deephypebot evaluate`, the value of held-out corpus text beside each figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

from deephypebot.corpus.builtin import split_builtin
from deephypebot.corpus.split import Split
from deephypebot.errors import BackboneError, InputError
from deephypebot.model.evaluation.choice import compare
from deephypebot.model.evaluation.composition import composition
from deephypebot.model.evaluation.latent_measures import characters_nll, latent_measures, weighted_bound
from deephypebot.model.evaluation.raw_texts import raw_texts
from deephypebot.model.evaluation.text_table import Embed, Yardstick
from deephypebot.model.evaluation.texts import (
    finished_share,
    new_labels,
    reconstruction,
    steering,
    texts_like_held_out,
)
from deephypebot.model.judging.judges import load_judges
from deephypebot.model.network.explore import Explorer, interpolate_with
from deephypebot.types import Attributes, Sentence, Song

Say = Callable[[str], None]
Part = Callable[["Evaluation"], Any]


@dataclass
class Evaluation:
    """What the parts read. songs: what finished texts are about; scale: share of texts and sentences to use; against: texts of others,
    by name, to be measured beside the model's."""

    folder: Path
    songs: Sequence[tuple[Song, Attributes]]
    say: Say
    scale: float = 1.0
    against: Mapping[str, Sequence[str]] | None = None

    @cached_property
    def explorer(self) -> Explorer:
        return Explorer(self.folder)

    @cached_property
    def split(self) -> Split:
        return split_builtin()

    @cached_property
    def held_out(self) -> list[Sentence]:
        return [*self.split.valid, *self.split.test]

    @cached_property
    def embed(self) -> Embed | None:
        """The sentence encoder, None where it cannot be had."""
        from deephypebot.model.evaluation.sentence_encoder import SentenceEncoder, fetch_encoder

        try:
            return SentenceEncoder(fetch_encoder())
        except BackboneError as error:
            self.say(f"what needs the sentence encoder is left out ({error})")
            return None

    @cached_property
    def yardstick(self) -> Yardstick:
        return Yardstick.of(self.split, self.embed)

    def some(self, number: int, least: int = 2) -> int:
        """So many, or a share of them."""
        return max(least, round(number * self.scale))

    def test(self) -> list[Sentence]:
        return self.split.test[: self.some(len(self.split.test), 20)]


def latent(e: Evaluation) -> Any:
    """What z is worth: rows e and f of The writer."""
    return latent_measures(e.explorer.model, e.test()) | characters_nll(e.explorer.model, e.test())


def bound(e: Evaluation) -> Any:
    """The importance-weighted bound."""
    test = e.test()
    some = test[:: max(1, len(test) // e.some(100, 4))]
    return {"nats": weighted_bound(e.explorer.model, some), "samples": 100, "n": len(some)}


def reconstructions(e: Evaluation) -> Any:
    """Held-out sentences written again, and ways between them."""
    told = reconstruction(e.explorer.encode, e.explorer.decode, e.test()[: e.some(200)])
    return told | {"interpolations": interpolations(e.explorer, e.test())}


def texts(e: Evaluation) -> Any:
    """Five texts a song, as users get them."""
    return finished_share(e.explorer.writer, e.songs[: e.some(len(e.songs), 1)], 5, e.split)


def like_human(e: Evaluation) -> Any:
    """Texts asked for as held-out posts are, beside posts of the valid part and the texts of others, at equal numbers."""
    number, yardstick = e.some(500, 20), e.yardstick
    own = texts_like_held_out(e.explorer.writer, e.held_out, number)
    columns = {"model": own, "held_out": [s.text for s in e.split.valid], **(e.against or {})}
    smallest = min(map(len, columns.values()))
    return {name: yardstick.measure(column[:smallest]) for name, column in columns.items()}


def choice(e: Evaluation) -> Any:
    """Constraints and choosing: how many texts are descriptions."""
    return compare(e.explorer.writer, e.held_out, e.yardstick.ngrams, e.some(500, 10), e.say)


def composed(e: Evaluation) -> Any:
    """Three wishes at once."""
    return composition(e.explorer.writer, load_judges(), e.some(500, 10))


def bias(e: Evaluation) -> Any:
    """Whom and where raw texts talk about, by genre family, beside the training text."""
    return raw_texts(e.explorer.writer, e.songs, e.some(4000, 20), e.split.train)


def steered(e: Evaluation) -> Any:
    """Row i of The writer: attributes, as the judges hear them."""
    return steering(e.explorer.writer, load_judges(), e.held_out, e.some(200))


def unseen_labels(e: Evaluation) -> Any:
    """Row i of The writer: labels never trained on; None without the sentence encoder."""
    return None if e.embed is None else new_labels(e.explorer.writer, e.embed, e.some(20))


PARTS: dict[str, Part] = {
    "latent": latent,
    "weighted_bound": bound,
    "reconstruction": reconstructions,
    "texts": texts,
    "like_human": like_human,
    "choice": choice,
    "composition": composed,
    "bias": bias,
    "steering": steered,
    "new_labels": unseen_labels,
}


def evaluate(evaluation: Evaluation, only: Sequence[str] = ()) -> dict[str, Any]:
    """The measures of a checkpoint, nats where they are costs; all of them take about an hour and a half on two cores.

    only: names of PARTS, by default all. Raises CheckpointError, BackboneError, or InputError for an unknown part and where there
    is no latent space.
    """
    for name in only:
        if name not in PARTS:
            raise InputError(f"part is {name!r}; allowed are {', '.join(PARTS)}")
    scores: dict[str, Any] = {"checkpoint": evaluation.explorer.writer.name}
    for name in only or PARTS:
        evaluation.say(f"{name} ...")
        started = monotonic()
        scores[name] = PARTS[name](evaluation)
        evaluation.say(f"{name}: {monotonic() - started:.0f} s")
    return scores


def interpolations(
    explorer: Explorer, sentences: Sequence[Sentence], number: int = 10, steps: int = 5
) -> list[list[str]]:
    """Ways between neighbours in the list of held-out sentences."""
    pairs = [(sentences[2 * i].text, sentences[2 * i + 1].text) for i in range(min(number, len(sentences) // 2))]
    return [[first, *interpolate_with(explorer, first, second, steps), second] for first, second in pairs]

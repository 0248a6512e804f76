"""What a checkpoint is worth: the scoreboard of `deephypebot evaluate`, the value of held-out corpus text beside each figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from deephypebot.config import shipped_checkpoint
from deephypebot.corpus.builtin import split_builtin
from deephypebot.corpus.split import Split
from deephypebot.errors import BackboneError
from deephypebot.model.evaluate_latent import characters_nll, latent_measures, weighted_bound
from deephypebot.model.evaluate_texts import finished_share, new_labels, reconstruction, steering
from deephypebot.model.explore import Explorer, interpolate_with
from deephypebot.model.judges import load_judges
from deephypebot.types import Attributes, Sentence, Song

Say = Callable[[str], None]


def evaluate(
    checkpoint: Path | None, songs: Sequence[tuple[Song, Attributes]], say: Say, scale: float = 1.0
) -> dict[str, Any]:
    """All measures of a checkpoint, nats where they are costs; about half an hour on two cores.

    songs: what the finished texts are about, five each. scale: share of the texts and sentences to use, 1 for figures that
    are quoted. say: hears of each part. Raises CheckpointError, BackboneError, or InputError where there is no latent space.
    """
    folder = checkpoint or shipped_checkpoint()
    explorer, split, each = Explorer(folder), split_builtin(), max(2, round(200 * scale))
    test = split.test[: max(20, round(len(split.test) * scale))]
    scores: dict[str, Any] = {"checkpoint": explorer.writer.name, "held_out_sentences": len(test)}
    with part("latent", say):
        scores["latent"] = latent_measures(explorer.model, test) | characters_nll(explorer.model, test)
    with part("bound", say):
        some = test[:: max(1, len(test) // max(4, round(100 * scale)))]
        scores["weighted_bound"] = {"nats": weighted_bound(explorer.model, some), "samples": 100, "n": len(some)}
    with part("reconstruction", say):
        scores["reconstruction"] = reconstruction(explorer.encode, explorer.decode, test[:each])
        scores["interpolations"] = interpolations(explorer, test)
    with part("texts", say):
        scores["texts"] = finished_share(explorer.writer, songs[: max(1, round(len(songs) * scale))], 5, split)
    with part("steering", say):
        scores["steering"] = steering(explorer.writer, load_judges(), [*split.valid, *split.test], each)
    with part("labels never trained on", say):
        scores["new_labels"] = _new_labels(explorer, split, max(2, round(20 * scale)), say)
    return scores


@contextmanager
def part(name: str, say: Say) -> Iterator[None]:
    """Tells when a part begins and how long it took."""
    say(f"{name} ...")
    started = monotonic()
    yield
    say(f"{name}: {monotonic() - started:.0f} s")


def interpolations(
    explorer: Explorer, sentences: Sequence[Sentence], number: int = 10, steps: int = 5
) -> list[list[str]]:
    """Ways between neighbours in the list of held-out sentences."""
    pairs = [(sentences[2 * i].text, sentences[2 * i + 1].text) for i in range(min(number, len(sentences) // 2))]
    return [[first, *interpolate_with(explorer, first, second, steps), second] for first, second in pairs]


def _new_labels(explorer: Explorer, split: Split, each: int, say: Say) -> dict[str, Any] | None:
    from deephypebot.model.sentence_encoder import SentenceEncoder, fetch_encoder

    try:
        encoder = SentenceEncoder(fetch_encoder())
    except BackboneError as error:
        say(f"labels never trained on: left out ({error})")
        return None
    return new_labels(explorer.writer, encoder, each)

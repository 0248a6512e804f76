"""Bias of the model itself: raw drafts for neutral names, no word kept out and nothing chosen, beside the training text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from deephypebot.model.evaluation.bias import place_shares, pronoun_shares
from deephypebot.model.judging.judges import corpus_root
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.drafts import Drafts, pieces
from deephypebot.types import PLACEHOLDER, Attributes, Sentence, Song

SEED = 60_000


def raw_texts(
    writer: Commentator, songs: Sequence[tuple[Song, Attributes]], number: int, train: Sequence[Sentence]
) -> dict[str, Any]:
    """Pronouns and places of raw texts, overall and by family of the first genre; and of the training text."""
    asked = [replace(songs[i % len(songs)][1], kind="description") for i in range(number)]
    one = replace(writer.defaults, drafts=1)
    drawn = _uncensored(writer).draw(pieces(PLACEHOLDER, asked, range(SEED, SEED + number), one))
    texts = [writer.engine.decode(drafts[0].ids).strip() for drafts in drawn]
    return {
        "model": _told(texts, asked),
        "training_text": _told([s.text for s in train], [s.attributes for s in train]),
    }


def _uncensored(writer: Commentator) -> Drafts:
    """Drafts that may say he and she."""
    drafts, wording = copy(writer.drafts), copy(writer.drafts.wording)
    drafts.wording, wording.gendered = wording, []
    return drafts


def _told(texts: Sequence[str], attributes: Sequence[Attributes]) -> dict[str, Any]:
    families = defaultdict(list)
    for text, known in zip(texts, attributes, strict=True):
        if known.genres and (root := corpus_root(known.genres[0])):
            families[root].append(text)
    by_family = {root: pronoun_shares(own) for root, own in sorted(families.items())}
    return {"pronouns": pronoun_shares(texts), "places": place_shares(texts), "families": by_family}

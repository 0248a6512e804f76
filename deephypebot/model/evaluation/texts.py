"""What the writer's texts are worth: rows g, h and i of the scoreboard. Texts go through the engine as users get them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from deephypebot.corpus.split import Split
from deephypebot.model import measures
from deephypebot.model.evaluation.label_nearness import UNSEEN_LABELS, Embed, label_nearness, load_label_space
from deephypebot.model.judging.judges import Bools, Judges, corpus_root, targets
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.drafts import PLAIN, Piece, pieces
from deephypebot.songs import find_fault
from deephypebot.types import FEATURES, PLACEHOLDER, Attributes, Sentence, Song, Wish

LOW_HIGH = {"tempo": (70.0, 165.0)}
BATCH = 20
SEED = 70_000


def draw_texts(writer: Commentator, asked: Sequence[Attributes], seed: int) -> list[str]:
    """A text for each of the attributes as users get it, but with slots unfilled; empty where all drafts were broken."""
    seeds = range(seed, seed + len(asked))
    texts = writer.drafts.best(pieces(PLACEHOLDER, asked, seeds, writer.defaults))
    return ["" if chosen is None else chosen.text for chosen in texts]


def texts_like_held_out(writer: Commentator, held_out: Sequence[Sentence], number: int) -> list[str]:
    """Finished texts, slots unfilled, asked for with all that is known of random held-out posts, the kind of sentence too."""
    dice = np.random.default_rng(SEED)
    asked = [held_out[i].attributes for i in dice.choice(len(held_out), number, replace=number > len(held_out))]
    wishes = [PLAIN if a.kind == "description" else Wish(styles=()) for a in asked]
    told = zip(asked, range(SEED, SEED + number), wishes, strict=True)
    found = writer.drafts.best([Piece(PLACEHOLDER, a, seed, writer.defaults, wish) for a, seed, wish in told])
    return [chosen.text for chosen in found if chosen]


def finished_share(
    writer: Commentator, songs: Sequence[tuple[Song, Attributes]], each: int, split: Split
) -> dict[str, Any]:
    """Row h. Drafts as they come (first) and texts as users get them (written), `each` for every song."""
    asked = [replace(a, kind="description") for _, a in songs for _ in range(each)]
    one = replace(writer.defaults, drafts=1)
    drawn = pieces(PLACEHOLDER, asked, range(1, len(asked) + 1), one)
    sound = [draft is not None for draft in writer.drafts.best(drawn)]
    raw = draw_texts(writer, asked, seed=1)
    written = [c.text for i, (song, a) in enumerate(songs) for c in writer.write(song, a, n=each, seed=i)]
    faults = [
        find_fault(text, song) for i, (song, a) in enumerate(songs) for text in written[i * each : (i + 1) * each]
    ]
    index = measures.CopyIndex([s.text for s in split.train])
    held_out = [s.text for s in [*split.valid, *split.test]]
    return {
        "texts": len(written),
        "first_drafts_finished": float(np.mean(sound)),
        "finished": sum(fault is None for fault in faults) / (each * len(songs)),
        "exact_duplicates": measures.exact_duplicates(written) / max(1, len(written)),
        "copied_run_median": float(np.median([measures.longest_copied_run(text, index) for text in raw])),
        "copied_run_max": int(max(measures.longest_copied_run(text, index) for text in raw)),
        "reference_copied_run_median": float(
            np.median([measures.longest_copied_run(text, index) for text in held_out])
        ),
        "reference_copied_run_max": int(max(measures.longest_copied_run(text, index) for text in held_out)),
        "distinct_2": measures.distinct_n(raw, 2),
        "reference_distinct_2": measures.distinct_n(held_out[: len(raw)], 2),
        "diversity": measures.diversity(raw),
        "reference_diversity": measures.diversity(held_out[: len(raw)]),
    }


def steering(writer: Commentator, judges: Judges, held_out: Sequence[Sentence], each: int = 200) -> dict[str, Any]:
    """Row i: texts asked low and high for each feature, and asked for each family and for others, as the judges read them."""
    features = {feature: feature_steering(writer, judges, feature, each) for feature in FEATURES}
    return features | {root: family_steering(writer, judges, held_out, root, each) for root in judges.families}


def feature_steering(writer: Commentator, judges: Judges, feature: str, each: int) -> dict[str, Any]:
    """Balanced accuracy of a feature's judge; nothing is told but the feature and the kind."""
    low, high = LOW_HIGH.get(feature, (0.1, 0.9))
    values: list[dict[str, Any]] = [{feature: value} for value in (low, high) for _ in range(each)]
    texts = draw_texts(writer, [Attributes(kind="description", **known) for known in values], seed=10_000)
    told_high = judges.low_high(feature, texts)
    return _balanced(~told_high[:each], told_high[each:], judges.heldout[feature])


def family_steering(
    writer: Commentator, judges: Judges, held_out: Sequence[Sentence], root: str, each: int
) -> dict[str, Any]:
    """Balanced accuracy of a family's judge: texts asked for a label of the family, and for one of another family.

    held_out: whose first labels are asked for, as often as they stand there, since the judge's accuracy on these sentences is
    what texts are measured by. Nothing else is told but the kind.
    """
    belongs = targets(held_out, root, judges.thresholds, corpus_root)
    labels = [
        [s.attributes.genres[0] for s, told in zip(held_out, belongs, strict=True) if told == side] for side in (1, 0)
    ]
    dice = np.random.default_rng(0)
    own, other = ([str(label) for label in dice.choice(side, each)] for side in labels)
    asked = [Attributes(genres=(label,), kind="description") for label in [*own, *other]]
    hits = judges.family(root, draw_texts(writer, asked[:each], seed=20_000))
    false = judges.family(root, draw_texts(writer, asked[each:], seed=30_000))
    return _balanced(hits, ~false, judges.heldout[root])


def _balanced(first: Bools, second: Bools, reference: dict[str, float]) -> dict[str, Any]:
    shares = float(np.mean(first)), float(np.mean(second))
    return {"accuracy": sum(shares) / 2, "sides": shares, "reference": reference, "n": len(first) + len(second)}


def new_labels(writer: Commentator, embed: Embed, each: int) -> dict[str, Any]:
    """Row i: how often a text asked for a label that no corpus has is nearer to it than to another of these labels."""
    shares = {}
    for i, label in enumerate(UNSEEN_LABELS):
        asked = [Attributes(genres=(label,), kind="description")] * each
        texts = draw_texts(writer, asked, seed=40_000 + 100 * i)
        others = [other for other in UNSEEN_LABELS if other != label]
        shares[label] = float(label_nearness(texts, label, others, embed).mean())
    reference = load_label_space().heldout
    return {
        "nearer": float(np.mean(list(shares.values()))),
        "reference": reference,
        "n": each * len(shares),
        "labels": shares,
    }


def reconstruction(
    encode: Callable[[str], Any], decode: Callable[[Any], list[str]], sentences: Sequence[Sentence]
) -> dict[str, Any]:
    """Row g: greedy texts at the posterior means against the sentences themselves."""
    texts = []
    for at in range(0, len(sentences), BATCH):
        texts += decode(np.stack([encode(s.text) for s in sentences[at : at + BATCH]]))
    scores = [measures.bleu4(text, s.text) for text, s in zip(texts, sentences, strict=True)]
    order = np.argsort(scores)
    examples = [
        {"bleu4": scores[i], "sentence": sentences[i].text, "reconstruction": texts[i]}
        for i in [*order[-5:], *order[:5]]
    ]
    return {"bleu4": float(np.mean(scores)), "n": len(sentences), "examples": examples}

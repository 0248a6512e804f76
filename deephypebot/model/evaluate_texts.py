"""What the writer's texts are worth: rows g, h and i of the scoreboard. Texts go through the engine as users get them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from deephypebot.corpus.split import Split
from deephypebot.model import measures
from deephypebot.model.commentator import Commentator
from deephypebot.model.decode import Decoded, sample
from deephypebot.model.guidance import draw_latent, word_bias
from deephypebot.model.label_nearness import UNSEEN_LABELS, Embed, label_nearness, load_label_space
from deephypebot.songs import fill_slots, find_fault
from deephypebot.types import FEATURES, Attributes, Sentence, Song

PLACEHOLDER = Song(
    "Marlow", "Harbour"
)  # a neutral name of each sort, for texts that are judged with their slots filled
LOW_HIGH = {"tempo": (70.0, 165.0)}
BATCH = 20


def draw_texts(writer: Commentator, asked: Sequence[Attributes], seed: int) -> list[Decoded]:
    """One first draft, unchosen, for each of the attributes; slots stay slots (decode with writer.engine)."""
    rows: dict[int, Decoded] = {}
    engine, allowed = writer.engine, writer.wording.about(PLACEHOLDER)
    biases = {a: word_bias(engine, a, writer.defaults) for a in set(asked)}
    for at in range(0, len(asked), BATCH):
        numbers = range(at, min(at + BATCH, len(asked)))
        streams = {i: np.random.Generator(np.random.Philox(seed + i)) for i in numbers}
        eps = {i: stream.standard_normal(engine.latent_dim)[None] for i, stream in streams.items()}
        z = {i: draw_latent(engine, asked[i], eps[i], writer.defaults) for i in numbers}
        prefixes = {i: engine.prefix(asked[i], z[i]) for i in numbers}
        for length in {prefix.shape[1] for prefix in prefixes.values()}:  # those of prompts differ
            alike = [i for i in numbers if prefixes[i].shape[1] == length]
            prefix, latent = (np.concatenate([parts[i] for i in alike]) for parts in (prefixes, z))
            own, bias = [streams[i] for i in alike], np.stack([biases[asked[i]] for i in alike])
            drawn = sample(engine, prefix, latent, engine.ids, engine.eos, own, writer.defaults, allowed, bias)
            rows.update(zip(alike, drawn, strict=True))
    return [rows[i] for i in range(len(asked))]


def finished_share(
    writer: Commentator, songs: Sequence[tuple[Song, Attributes]], each: int, split: Split
) -> dict[str, Any]:
    """Row h. Drafts as they come (first) and texts as users get them (written), `each` for every song."""
    drafts = draw_texts(writer, [replace(a, kind="description") for _, a in songs for _ in range(each)], seed=1)
    names = [song for song, _ in songs for _ in range(each)]
    raw = [writer.engine.decode(row.ids) for row in drafts]
    sound = [
        row.finished and find_fault(fill_slots(text, song), song) is None
        for row, text, song in zip(drafts, raw, names, strict=True)
    ]
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


def steering(writer: Commentator, judges: Any, roots: dict[str, list[str]], each: int = 200) -> dict[str, Any]:
    """Row i: texts asked low and high for each feature, and asked for each family, as the judges read them.

    roots: labels of each family, to ask for. Nothing else is told but the kind.
    """
    result: dict[str, Any] = {}
    for feature in FEATURES:
        low, high = LOW_HIGH.get(feature, (0.1, 0.9))
        asked = [_asked(feature, value) for value in (low, high) for _ in range(each)]
        texts = [writer.engine.decode(row.ids) for row in draw_texts(writer, asked, seed=10_000)]
        told_high = np.asarray(judges.low_high(feature, texts))
        accuracy = 0.5 * (np.mean(~told_high[:each]) + np.mean(told_high[each:]))
        result[feature] = {"accuracy": float(accuracy), "reference": judges.heldout[feature], "n": 2 * each}
    for root in judges.families:
        asked = [Attributes(genres=(roots[root][i % len(roots[root])],), kind="description") for i in range(each)]
        texts = [writer.engine.decode(row.ids) for row in draw_texts(writer, asked, seed=20_000)]
        result[root] = {"asked": np.asarray(judges.family(root, texts))}
    pooled = {root: result[root].pop("asked") for root in judges.families}
    return result | _balanced(writer, judges, roots, pooled, each)


def _asked(feature: str, value: float) -> Attributes:
    known: dict[str, Any] = {feature: value}
    return Attributes(kind="description", **known)


def _balanced(
    writer: Commentator, judges: Any, roots: dict[str, list[str]], hits: dict[str, Any], each: int
) -> dict[str, Any]:
    """Balanced accuracy of each family: its own texts told apart from texts asked for the other families."""
    out = {}
    for root in judges.families:
        other = [r for r in judges.families if r != root]
        labels = [roots[other[i % len(other)]][i % len(roots[other[i % len(other)]])] for i in range(each)]
        asked = [Attributes(genres=(label,), kind="description") for label in labels]
        texts = [writer.engine.decode(row.ids) for row in draw_texts(writer, asked, seed=30_000)]
        refused = ~np.asarray(judges.family(root, texts))
        accuracy = 0.5 * (float(np.mean(hits[root])) + float(np.mean(refused)))
        out[root] = {"accuracy": accuracy, "reference": judges.heldout[root], "n": 2 * each}
    return out


def new_labels(writer: Commentator, embed: Embed, each: int) -> dict[str, Any]:
    """Row i: how often a text asked for a label that no corpus has is nearer to it than to another of these labels."""
    shares = {}
    for i, label in enumerate(UNSEEN_LABELS):
        asked = [Attributes(genres=(label,), kind="description")] * each
        texts = [writer.engine.decode(row.ids) for row in draw_texts(writer, asked, seed=40_000 + 100 * i)]
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

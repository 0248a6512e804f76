"""What constraints and choosing are worth: the same requests written in several ways, read by a judge that chose none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from deephypebot.model.evaluation.ngram import NgramModel
from deephypebot.model.judging.kinds import load_kinds
from deephypebot.model.judging.rewards import STYLE_WEIGHTS, UNWANTED, style_rewards, worth
from deephypebot.model.measures import distinct_n, share_with_ci
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.drafts import pieces
from deephypebot.types import PLACEHOLDER, Attributes, Sentence, Wish

Say = Callable[[str], None]
SEED = 50_000


@dataclass(frozen=True)
class Arm:
    """A way of writing. kind: told as an attribute, None: masked; best_of: drafts for each text, 1: as they come."""

    constraint: str = "none"
    kind: str | None = None
    best_of: int = 1

    def wish(self) -> Wish:
        return Wish(constraint=self.constraint, best_of=self.best_of)


ARMS = {
    "none": Arm(),
    "lcgan": Arm("lcgan"),
    "guided": Arm("guided"),
    "kind told": Arm(kind="description"),
    "best of 3": Arm(best_of=3),
    "lcgan, best of 3": Arm("lcgan", best_of=3),
    "guided, best of 3": Arm("guided", best_of=3),
    "best of 16": Arm(best_of=16),
    "guided, best of 16": Arm("guided", best_of=16),
}


BASELINE = {"prompt, no z": Arm(), "prompt, no z, best of 16": Arm(best_of=16)}


def compare(
    writer: Commentator,
    held_out: Sequence[Sentence],
    ngrams: NgramModel,
    number: int,
    say: Say,
    arms: dict[str, Arm] = ARMS,
) -> dict[str, Any]:
    """For each arm the share of descriptions among its texts, and of promo, release and live, with their 95% intervals; what they are
    worth to the wish for descriptions, by the rewards that chose them; distinct-2 and nats a word under the n-gram model. Requests are the attributes of held-out sentences, but for the kind."""
    dice = np.random.default_rng(SEED)
    asked = [held_out[i].attributes for i in dice.choice(len(held_out), number, replace=number > len(held_out))]
    found = {}
    for name, arm in arms.items():
        if arm.constraint != "none" and writer.drafts.constraints is None:
            say(f"{name}: left out, the checkpoint has no constraints")
            continue
        texts = arm_texts(writer, asked, arm)
        found[name] = read_texts(texts, ngrams)
        say(f"{name}: {found[name]['descriptions']['share']:.3f}")
    return found


def arm_texts(writer: Commentator, asked: Sequence[Attributes], arm: Arm) -> list[str]:
    """A text for each request, slots unfilled; with more than one draft those that were all dropped are left out."""
    asked = [replace(a, kind=arm.kind) for a in asked]
    seeds = range(SEED, SEED + len(asked))
    told = pieces(PLACEHOLDER, asked, seeds, writer.defaults, arm.wish())
    if arm.best_of == 1:
        drawn = writer.drafts.draw(told)
        return [writer.engine.decode(drafts[0].ids).strip() for drafts in drawn]
    return [chosen.text for chosen in writer.drafts.best(told) if chosen is not None]


def read_texts(texts: Sequence[str], ngrams: NgramModel) -> dict[str, Any]:
    """What the judge says of texts."""
    kinds = load_kinds("judge").kinds(texts)
    shares = {
        "descriptions": share_with_ci(kinds.count("description"), len(kinds)),
        "promo_release_live": share_with_ci(sum(kind in UNWANTED for kind in kinds), len(kinds)),
    }
    told = {name: {"share": s.share, "low": s.low, "high": s.high} for name, s in shares.items()}
    weights, rewards = STYLE_WEIGHTS["descriptive"], style_rewards()
    values = {name: rewards[name](texts, [Attributes()] * len(texts)) for name in weights}
    return {
        "n": len(texts),
        **told,
        "worth": float(np.mean(worth(values, weights))),
        "distinct_2": distinct_n(texts, 2),
        "nats_a_word": ngrams.nats_a_word(texts),
    }

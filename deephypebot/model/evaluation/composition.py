"""Whether wishes compose: a description of something with much energy and little joy, all at once and each alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from deephypebot.model.judging.judges import Bools, Judges
from deephypebot.model.judging.kinds import load_kinds
from deephypebot.model.measures import share_with_ci
from deephypebot.model.writing.commentator import Commentator
from deephypebot.model.writing.drafts import pieces
from deephypebot.types import PLACEHOLDER, Attributes, Wish

ENERGETIC, SAD = 0.9, 0.1
SEED = 60_000


def composition(writer: Commentator, judges: Judges, number: int, constraint: str | None = None) -> dict[str, Any]:
    """The share of texts that are judged to be what was asked for, with 95% intervals, `number` texts a row.

    expected: the product of the judges' accuracies on held-out text, which all three hold as often as where each is as good as the
    corpus at its own and none stands in another's way.
    """
    described, high, low = {"kind": "description"}, {"energy": ENERGETIC}, {"valence": SAD}
    rows: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
        "description": (described, ("description",)),
        "energy": (high, ("energy",)),
        "sad": (low, ("sad",)),
        "all": (described | high | low, ("description", "energy", "sad")),
    }
    found = dict[str, Any]()
    for name, (known, asked) in rows.items():
        wish = Wish(("descriptive",) if "description" in asked else (), constraint)
        drawn = [Attributes(**known)] * number
        told = pieces(PLACEHOLDER, drawn, range(SEED, SEED + number), writer.defaults, wish)
        texts = writer.drafts.best(told)
        held = _judged(judges, [chosen.text for chosen in texts if chosen])
        told = np.all([held[part] for part in asked], axis=0)
        found[name] = asdict(share_with_ci(int(told.sum()), len(told)))
        if name == "all":
            found |= {f"{part} of all": asdict(share_with_ci(int(held[part].sum()), len(told))) for part in asked}
    described_right = load_kinds("judge").heldout["kinds"]["description"]["found"]
    accuracies = [described_right, judges.heldout["energy"]["accuracy"], judges.heldout["valence"]["accuracy"]]
    return found | {"expected": float(np.prod(accuracies))}


def _judged(judges: Judges, texts: list[str]) -> dict[str, Bools]:
    return {
        "description": np.array([kind == "description" for kind in load_kinds("judge").kinds(texts)]),
        "energy": judges.low_high("energy", texts),
        "sad": ~judges.low_high("valence", texts),
    }

"""The card that is written whenever a checkpoint is saved."""

from __future__ import annotations

from typing import Any

DATA = {
    "builtin": "the built-in corpus of deephypebot (CC0 1.0): music commentary about invented songs, written for this project with the "
    "help of a large language model; no text of real blogs",
    "text": "a text file that the user gave; its licence is the user's to know",
    "jsonl": "a JSONL file that the user gave; its licence is the user's to know",
    "musiccaps": "captions of MusicCaps (Agostinelli et al. 2023, Google), CC BY-SA 4.0; weights made with it carry that attribution",
}
BACKBONES = {
    "smollm2": "The backbone is SmolLM2-135M-Instruct (Hugging Face, Apache-2.0); it is not part of this folder.",
    "gru": "It was trained from scratch, without a backbone.",
}
HABITS = {
    "builtin": "English only. It was taught on one small corpus with habits of its own (instruments that behave like people), and it "
    "will repeat them."
}
OPEN = ": CC0 1.0"


def model_card(settings: dict[str, Any], metrics: dict[str, Any]) -> str:
    """Markdown: what it is, data and licences, measures, limits. settings: config.json; metrics: metrics.json."""
    training = settings.get("training", {})
    shown = "\n".join(f"| {name} | {value:.4g} |" for name, value in metrics.items() if isinstance(value, (int, float)))
    data = "\n".join(f"- {DATA.get(name, name)}" for name in training.get("data", ["builtin"]))
    return f"""# {settings.get("name", "checkpoint")}

Short, descriptive commentary about a song, from a latent z and the song's attributes: a conditional text VAE
(`{settings["format"]}`, backbone `{settings.get("backbone", "none")}`, z of {settings.get("latent_dim")}).

## Data and licences
{data}

{BACKBONES.get(settings.get("backbone", ""), "The backbone is not part of this folder, and has a licence of its own.")}
These weights may be used under the licences of the data above{OPEN if training.get("data", ["builtin"]) == ["builtin"] else ""}.

## Measures on held-out posts
| measure | value |
|---|---|
{shown}

`bound` is the negative ELBO in nats a sentence, `recon` and `kl` are its parts. Training settings: `{training}`.

## Limits
It knows no facts: whatever sounds like one about a real artist is invented. {HABITS.get(training.get("data", ["builtin"])[0], "")}
A person should read before anything is posted.
"""

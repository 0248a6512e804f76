"""The 2018 loop of deephypebot as it was, faults and all, written anew: only to compare with. Do not build on it.

Faults that are kept on purpose: one sentence a step; a Python loop with its own softmax for each word; the summary of
the encoder is the last position, where the backward direction has seen the end token alone; the sampler reads the
variance output as log sigma^2, the KL as log sigma; free bits on the total; texts are learned back to front; words with
UNK; the writer prints the likeliest word of each step but feeds back another, drawn from the ten likeliest.

    python benchmarks/original_2018.py --minutes 10
trains on the built-in corpus and prints one JSON object: speed, held-out nats a character, ten random texts.

What the sources do not tell is chosen here: Adam at 3e-4, embeddings of 256, words seen twice or more.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deephypebot.corpus.builtin import split_frozen
from deephypebot.model.network.latent import kl_to_standard_normal
from deephypebot.types import Sentence

HIDDEN, LATENT, EMBEDDING, GENRES = 512, 128, 256, 16
MAX_LABELS, MIN_COUNT, MAX_WORDS, TOP_K = 130, 2, 60, 10
WORD_DROPOUT, FREE_NATS, LR = 0.25, 25.6, 3e-4
START, END, UNK = 0, 1, 2


def split_words(text: str) -> list[str]:
    """Lower-case words, slots and punctuation marks; spaces and capitals are lost."""
    return re.findall(r"\{\w+\}|[\w'\u2019]+|[^\w\s]", text.lower())


class WordList:
    """Words seen MIN_COUNT times or more in training, the commonest labels, and what it costs to spell a rare word."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        counts = Counter(word for s in sentences for word in split_words(s.text))
        self.words = ["<start>", "<end>", "UNK", *(w for w, n in counts.most_common() if n >= MIN_COUNT)]
        self.index = {word: i for i, word in enumerate(self.words)}
        labels = Counter(label for s in sentences for label in s.attributes.genres)
        self.labels = {label: i for i, (label, _) in enumerate(labels.most_common(MAX_LABELS))}
        rare = Counter(c for word, n in counts.items() if n < MIN_COUNT for c in f"{word}\n")
        total = sum(rare.values()) + 256
        self.spelling = {c: -math.log((n + 1) / total) for c, n in rare.items()}
        self.unseen = math.log(total) + math.log(
            0x110000
        )  # a character of no rare word: an escape, then any code point

    def ids(self, text: str) -> list[int]:
        """The words of a text back to front, without the end."""
        return [self.index.get(word, UNK) for word in split_words(text)][:MAX_WORDS][::-1]

    def spelling_nats(self, text: str) -> float:
        """Nats to spell the UNKs of a text letter by letter, after -log p(UNK) is paid."""
        rare = [word for word in split_words(text)[:MAX_WORDS] if word not in self.index]
        return sum(self.spelling.get(c, self.unseen) for word in rare for c in f"{word}\n")

    def genres(self, sentence: Sentence) -> Tensor:
        """(1, MAX_LABELS + 1) multi-hot; the last bit says that no label is known."""
        hot = torch.zeros(1, MAX_LABELS + 1)
        known = [self.labels[label] for label in sentence.attributes.genres if label in self.labels]
        hot[0, known or [MAX_LABELS]] = 1.0
        return hot


class Vae2018(nn.Module):
    """One sentence at a time; ids (T,) are back to front."""

    def __init__(self, num_words: int, hidden: int = HIDDEN, latent: int = LATENT, embedding: int = EMBEDDING) -> None:
        super().__init__()
        self.latent = latent
        self.embed_in = nn.Embedding(num_words, embedding)
        self.encoder = nn.GRU(embedding, hidden, bidirectional=True)
        self.to_latent = nn.Linear(2 * hidden, 2 * latent)
        self.squash = nn.Linear(MAX_LABELS + 1, GENRES)
        self.embed_out = nn.Embedding(num_words, embedding)
        self.first_state = nn.Linear(latent + GENRES, hidden)
        self.decoder = nn.GRU(embedding + latent + GENRES, hidden)
        self.out = nn.Linear(hidden, num_words)

    def encode(self, ids: Sequence[int]) -> tuple[Tensor, Tensor]:
        """mu and the variance output, (1, Z) each; the last position is all that is read."""
        outputs, _ = self.encoder(self.embed_in(torch.tensor([*ids, END])).unsqueeze(1))
        mu, variance = self.to_latent(outputs[-1]).chunk(2, dim=-1)
        return mu, variance

    def step(self, word: int, code: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """log p of the next word (1, V), and the state."""
        inputs = torch.cat([self.embed_out(torch.tensor([word])), code], dim=-1)
        output, state = self.decoder(inputs.unsqueeze(0), state)
        return F.log_softmax(self.out(output[0]), dim=-1), state

    def code(self, z: Tensor, genres: Tensor) -> tuple[Tensor, Tensor]:
        """<z, a> and the first state."""
        code = torch.cat([z, self.squash(genres)], dim=-1)
        return code, self.first_state(code).unsqueeze(0)

    def recon_nll(self, ids: Sequence[int], z: Tensor, genres: Tensor, word_dropout: float = 0.0) -> Tensor:
        """A scalar, nats; word after word."""
        code, state = self.code(z, genres)
        nll, word = torch.zeros(1), START
        for target in [*ids, END]:
            log_probs, state = self.step(word, code, state)
            nll = nll + F.nll_loss(log_probs, torch.tensor([target]))
            word = UNK if random.random() < word_dropout else target
        return nll.squeeze(0)


def loss_2018(model: Vae2018, ids: Sequence[int], genres: Tensor) -> Tensor:
    """Reconstruction and KL with free bits on the total; z takes the output as log sigma^2, the KL as log sigma."""
    mu, variance = model.encode(ids)
    z = mu + torch.exp(0.5 * variance) * torch.randn_like(mu)
    kl = 0.5 * (mu.square() + torch.exp(2 * variance) - 2 * variance - 1).sum()
    return model.recon_nll(ids, z, genres, WORD_DROPOUT) + kl.clamp_min(FREE_NATS)


def training_steps(model: Vae2018, words: WordList, sentences: Sequence[Sentence]) -> Iterator[int]:
    """Train for ever, a random sentence a step; yields the tokens of each step."""
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    while True:
        sentence = random.choice(sentences)
        ids = words.ids(sentence.text)
        optimizer.zero_grad()
        torch.autograd.backward(loss_2018(model, ids, words.genres(sentence)))
        optimizer.step()
        yield len(ids) + 1


def tokens_a_second(steps: Iterator[int], seconds: float, clock: Callable[[], float] = time.perf_counter) -> float:
    """Run steps, each of which yields its tokens, for so many seconds."""
    started, tokens = clock(), 0
    while clock() - started < seconds:
        tokens += next(steps)
    return tokens / (clock() - started)


@torch.no_grad()
def held_out_nats(model: Vae2018, words: WordList, sentences: Sequence[Sentence]) -> dict[str, float]:
    """A bound on nats a character, KL and sampler agreeing on log sigma^2, UNK as one word and UNK spelled out.

    Characters are those of the text as it stands and its end, though capitals and spaces are not modelled: both in favour of 2018.
    """
    recon = kl = spelling = 0.0
    ids = [words.ids(sentence.text) for sentence in sentences]
    for sentence, row in zip(sentences, ids, strict=True):
        mu, variance = model.encode(row)
        z = mu + torch.exp(0.5 * variance) * torch.randn_like(mu)
        recon += float(model.recon_nll(row, z, words.genres(sentence)))
        kl += float(kl_to_standard_normal(mu, variance).sum())
        spelling += words.spelling_nats(sentence.text)
    characters, tokens = sum(len(s.text) + 1 for s in sentences), sum(map(len, ids))
    return {
        "recon": recon / len(ids),
        "kl": kl / len(ids),
        "nats_per_character_unk_as_a_word": (recon + kl) / characters,
        "nats_per_character": (recon + kl + spelling) / characters,
        "unk_share": sum(row.count(UNK) for row in ids) / tokens,
    }


@torch.no_grad()
def write_2018(model: Vae2018, words: WordList, sentence: Sentence, max_words: int = 40) -> str:
    """A text for the labels of a sentence: prints the argmax, feeds back a draw from the TOP_K likeliest words."""
    code, state = model.code(torch.randn(1, model.latent), words.genres(sentence))
    shown, word = [], START
    for _ in range(max_words):
        log_probs, state = model.step(word, code, state)
        likeliest = int(log_probs.argmax())
        if likeliest == END:
            break
        shown.append(words.words[likeliest])
        top = log_probs[0].topk(TOP_K)
        word = int(top.indices[torch.multinomial(top.values.exp(), 1)])
    return " ".join(reversed(shown))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--texts", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    split = split_frozen()
    words = WordList(split.train)
    model = Vae2018(len(words.words))
    speed = tokens_a_second(training_steps(model, words, split.train), 60 * arguments.minutes)
    measures = {"minutes": arguments.minutes, "tokens_per_second": speed, "words": len(words.words)}
    measures |= held_out_nats(model, words, split.test)
    texts = [write_2018(model, words, random.choice(split.train)) for _ in range(arguments.texts)]
    print(json.dumps({**measures, "texts": texts}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()

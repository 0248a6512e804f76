"""Row k: the backbone as it comes, asked in words: nats a character on held-out text, and random texts.

    python dev/zero_shot.py [-n 10]     prints one JSON object

Stock transformers in fp32, the chat template of the backbone, an instruction with the song and its attributes. Slots are
filled with neutral names, so that it reads plain English.
"""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

import torch
from torch.nn import functional as F
from tqdm import tqdm
from transformers import AutoTokenizer, LlamaForCausalLM

from deephypebot.cli.evaluate import sample_songs
from deephypebot.corpus.builtin import split_builtin
from deephypebot.model.backbone import fetch_backbone
from deephypebot.model.condition import prompt
from deephypebot.model.evaluation.texts import PLACEHOLDER
from deephypebot.songs import fill_slots
from deephypebot.types import Attributes, Song

ASK = "Write one short, descriptive sentence of music commentary, as a good small music blog would, about the song {title} by {artist}. {told}"


def asked(tokenizer: Any, song: Song, attributes: Attributes) -> list[int]:
    """The ids of a chat up to where the answer begins."""
    genres = ", ".join(attributes.genres) or "unknown"
    known = prompt(attributes).rsplit(" | ", 1)[-1]
    told = f"Genres: {genres}." + (f" Audio features: {known}." if known else "")
    question = ASK.format(title=song.title, artist=song.artist, told=told)
    text = f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    ids: list[int] = tokenizer(text, add_special_tokens=False).input_ids
    return ids


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=10, help="texts")
    parser.add_argument("--sentences", type=int, default=None, help="held-out ones to score; all by default")
    args = parser.parse_args()
    torch.manual_seed(0)
    folder = fetch_backbone("smollm2")
    tokenizer, model = (
        AutoTokenizer.from_pretrained(folder),
        LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32),
    )
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    nats, characters = 0.0, 0
    for sentence in tqdm(split_builtin().test[: args.sentences]):
        text = fill_slots(sentence.text, PLACEHOLDER)
        before = asked(tokenizer, PLACEHOLDER, sentence.attributes)
        answer = [*tokenizer(text, add_special_tokens=False).input_ids, end]
        logits = model(torch.tensor([before + answer])).logits[0, len(before) - 1 : -1]
        nats += float(F.cross_entropy(logits, torch.tensor(answer), reduction="sum"))
        characters += len(text) + 1  # and the end
    texts = []
    for song, attributes in sample_songs(args.n):
        ids = torch.tensor([asked(tokenizer, song, attributes)])
        drawn = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=0.8, top_p=0.92, top_k=0,
            max_new_tokens=80, eos_token_id=end, pad_token_id=end,
        )  # fmt: skip
        texts.append(tokenizer.decode(drawn[0, ids.shape[1] :], skip_special_tokens=True).strip())
    measures = {"nats_a_character": nats / characters, "bits_a_character": nats / characters / math.log(2)}
    print(json.dumps({**measures, "texts": texts}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()

"""A toy backbone: a folder in Hugging Face form with a Llama of a few narrow layers, random weights and a small BPE."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

TEXTS = (
    "{title} opens on a bass note so low that it leans on the furniture.",
    "{artist} sings every line half a breath behind the snare.",
    "Two guitars argue, and the tambourine takes {artist}'s side.",
    "A drum machine no louder than a wristwatch, dream pop or doom metal.",
    "Jackson Taylor Smith Brown Prince Young, Love Night Home Time Moon Dream",
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")  # BOS 0, START 1, EOS 2
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_act": "silu",
    "tie_word_embeddings": True,
    "torch_dtype": "float16",
}


def make_backbone(folder: Path, seed: int = 0) -> Path:
    """Write config.json, model.safetensors (fp16) and tokenizer.json into `folder`, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = toy_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {**CONFIG, "vocab_size": tokenizer.get_vocab_size()}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(toy_weights(tokenizer.get_vocab_size(), seed), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def toy_tokenizer() -> Tokenizer:
    """A byte-level BPE of some 330 tokens that reads any text."""
    tokenizer = Tokenizer(models.BPE())
    digits, bytes_ = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, bytes_])
    tokenizer.decoder = decoders.ByteLevel()
    special = [AddedToken(token, special=True, normalized=False) for token in SPECIAL]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=330, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    return tokenizer


def toy_weights(vocab_size: int, seed: int) -> dict[str, np.ndarray]:
    """Tensors under Hugging Face's names, of a size that keeps the residual stream near 1."""
    rng = np.random.default_rng(seed)
    d, ffn, head = CONFIG["hidden_size"], CONFIG["intermediate_size"], CONFIG["head_dim"]
    q, kv = CONFIG["num_attention_heads"] * head, CONFIG["num_key_value_heads"] * head
    shapes = {
        **{f"self_attn.{part}_proj": (out, d) for part, out in (("q", q), ("k", kv), ("v", kv))},
        "self_attn.o_proj": (d, q),
        **{f"mlp.{part}_proj": (ffn, d) for part in ("gate", "up")},
        "mlp.down_proj": (d, ffn),
    }
    weights = {"model.embed_tokens.weight": rng.normal(size=(vocab_size, d))}
    for layer in range(CONFIG["num_hidden_layers"]):
        for name, shape in shapes.items():
            flat = 0.5 if "q_proj" in name or "k_proj" in name else 1.0  # attention as soft as in a trained model
            weights[f"model.layers.{layer}.{name}.weight"] = flat * rng.normal(size=shape) / np.sqrt(shape[1])
        for name in ("input_layernorm", "post_attention_layernorm"):
            weights[f"model.layers.{layer}.{name}.weight"] = 1 + 0.1 * rng.normal(size=d)
    weights["model.norm.weight"] = 1 + 0.1 * rng.normal(size=d)
    return {name: weight.astype(np.float16) for name, weight in weights.items()}

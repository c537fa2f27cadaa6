"""The whole model: batches change nothing, a frozen base stays frozen, sizes and weights are the release's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from transformers import Qwen2ForCausalLM

from shards.config import ConfigError, load_config
from tests.trainers.items import ASR, Made, items, noise
from trainers.batch import collate, make_example, make_prompt
from trainers.config import PretrainConfig
from trainers.loss import LossConfig
from trainers.model.encoder import EncoderConfig, sinusoids
from trainers.model.qwen_audio import LanguageConfig, ModelConfig, QwenAudio, build_language_model, build_model
from trainers.model.tag_rows import TagRows
from trainers.pretrain import model_summary
from trainers.tokens import Tokenizer

CONFIGS = Path(__file__).resolve().parents[3] / "trainers" / "configs"
TOKENIZER = Tokenizer.bytes()
AUDIO = EncoderConfig(width=32, layers=2, heads=4)
LANGUAGE = LanguageConfig(width=32, layers=2, heads=4, kv_heads=2, mlp=64)


def tiny(freeze_llm: bool = False, loss: LossConfig | None = None, time_rows: str = "shared") -> QwenAudio:
    torch.manual_seed(0)
    config = ModelConfig(AUDIO, LANGUAGE, freeze_llm=freeze_llm, time_rows=time_rows)
    return build_model(config, TOKENIZER, loss).eval()


@pytest.fixture(scope="module")
def model() -> QwenAudio:
    """One that answers with more than its first thought: random weights of some size."""
    model = tiny()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3 if parameter.ndim > 1 else 1)
    return model


def batch_of(*made):
    return collate([make_example(item, TOKENIZER) for item in made], TOKENIZER)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(0.03, 0.5), min_size=1, max_size=4))
def test_losses_do_not_depend_on_the_batch(model, lengths):
    made = items(*lengths)
    made.append(Made("pair", "sv", ASR, "same", (noise(0.2, 8), noise(0.35, 9))))
    made.append(Made("text", "asr", ASR, "no audio"))
    with torch.no_grad():
        total, losses = model(batch_of(*made))
        alone = [model(batch_of(item))[1] for item in made]
    torch.testing.assert_close(losses, torch.cat(alone), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(total, losses.sum())


def test_text_alone_reaches_every_parameter():
    model = tiny()
    model(batch_of(Made("text", "asr", ASR, "no audio")))[0].backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_many_labels_are_scored_in_chunks_without_a_difference():
    made = items(0.3, 0.2, 0.4)
    gradients = []
    for chunk in (4096, 5):
        model = tiny(loss=LossConfig(time_smoothing_seconds=0.03, chunk=chunk))
        total, losses = model(batch_of(*made))
        total.backward()
        gradients.append((total.detach(), losses, model.tag_output.rows.grad, model.audio.conv1.weight.grad))
    for whole, chunked in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, chunked, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("autocast", [False, True])
def test_a_frozen_base_gets_no_gradient_and_the_rest_does(autocast):
    model = tiny(freeze_llm=True)
    model.autocast = autocast
    model(batch_of(*items(0.3, 0.2)))[0].backward()
    for name, parameter in model.named_parameters():
        if name.startswith("llm."):
            assert not parameter.requires_grad and parameter.grad is None
        else:
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_autocast_is_near():
    model = tiny()
    batch = batch_of(*items(0.3, 0.2))
    with torch.no_grad():
        exact = float(model(batch)[0])
        model.autocast = True
        assert float(model(batch)[0]) == pytest.approx(exact, rel=2e-2)


def test_generation_is_greedy_and_the_same_in_any_batch(model):
    prompts = [make_prompt(item.prompt, item.waveforms, TOKENIZER) for item in items(0.5, 0.1, 0.3, 0.22)]
    prompts.append(make_prompt(ASR, [noise(0.2, 8), noise(0.35, 9)], TOKENIZER))
    together = model.generate(collate(prompts, TOKENIZER), 12, TOKENIZER)
    alone = [model.generate(collate([prompt], TOKENIZER), 12, TOKENIZER)[0] for prompt in prompts]
    assert together == alone
    assert len(set(together)) > 1

    # Greedy by the definition: each token is the best one given all before it, without any cache.
    ids = list(prompts[0].tokens)
    for _ in range(12):
        longer = make_prompt("", items(0.5)[0].waveforms, TOKENIZER)
        batch = collate([type(longer)(**{**vars(longer), "tokens": tuple(ids)})], TOKENIZER)
        with torch.no_grad():
            hidden = model.llm.base_model(inputs_embeds=model.splice(batch)).last_hidden_state[0, -1]
            ids.append(int(model.score(hidden).argmax()))
        if ids[-1] == TOKENIZER.end_id:
            break
    assert TOKENIZER.decode(ids[len(prompts[0].tokens) :]) == together[0]


def test_generation_stops_at_the_end_token_row_by_row():
    model = tiny()
    with torch.no_grad():
        for rows in (model.tag_output.rows, model.tag_output.time_map.weight, model.llm.lm_head.weight):
            rows.zero_()  # all equal: the first id, byte 0, is best …
    prompts = [make_prompt(ASR, [noise(0.2)], TOKENIZER), make_prompt(ASR, [noise(0.4)], TOKENIZER)]
    assert model.generate(collate(prompts, TOKENIZER), 3, TOKENIZER) == ["\0\0\0"] * 2
    with torch.no_grad():
        hidden = model.llm.base_model(inputs_embeds=model.splice(collate(prompts[:1], TOKENIZER))).last_hidden_state
        model.llm.lm_head.weight[TOKENIZER.end_id] = hidden[0, -1]  # … except after the first prompt
    assert model.generate(collate(prompts, TOKENIZER), 3, TOKENIZER)[0] == "\0"  # but not at once


def test_full_size_counts():
    config = load_config(PretrainConfig, CONFIGS / "qwen_audio_8b.yaml")
    summary = {line[:28].strip(): line[28:].split() for line in model_summary(config).splitlines()}
    assert summary["audio tower"][::2][:2] == ["640.1", "640.1"]
    assert summary["tag rows"][::2][:2] == ["27.1", "27.1"]
    assert summary["language model with tag rows"][0] == "7,748.5"
    assert summary["all"][2] == "667.3"


def test_qwens_own_weights_are_read(tmp_path):
    torch.manual_seed(1)
    shape = LanguageConfig(width=32, layers=2, heads=4, kv_heads=4, mlp=48)
    original: Qwen2ForCausalLM = build_language_model(shape)
    qwen = {}
    for name, tensor in original.state_dict().items():
        theirs = name.replace("model.layers.", "transformer.h.").replace("self_attn.o_proj", "attn.c_proj")
        theirs = theirs.replace("mlp.down_proj", "mlp.c_proj").replace("mlp.up_proj", "mlp.w1")
        theirs = theirs.replace("mlp.gate_proj", "mlp.w2").replace("input_layernorm", "ln_1")
        theirs = theirs.replace("post_attention_layernorm", "ln_2").replace("model.norm", "transformer.ln_f")
        qwen[theirs.replace("model.embed_tokens", "transformer.wte")] = tensor.clone()
    for layer in range(2):
        for kind in ("weight", "bias"):
            parts = [qwen.pop(f"transformer.h.{layer}.self_attn.{part}_proj.{kind}") for part in "qkv"]
            qwen[f"transformer.h.{layer}.attn.c_attn.{kind}"] = torch.cat(parts)
    for name in ("transformer.wte.weight", "lm_head.weight"):  # Qwen-Audio's matrices go on with the tags
        qwen[name] = torch.cat([qwen[name], torch.zeros(5, 32)])
    save_file(qwen, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen"}))

    read = build_language_model(LanguageConfig(**{**vars(shape), "pretrained": str(tmp_path)}))
    assert all(torch.equal(read.state_dict()[name], tensor) for name, tensor in original.state_dict().items())
    with pytest.raises(ConfigError, match=r"not of model\.language's shape"):
        build_language_model(LanguageConfig(**{**vars(shape), "mlp": 64, "pretrained": str(tmp_path)}))
    with pytest.raises(ConfigError, match="tensors are missing"):
        build_language_model(LanguageConfig(**{**vars(shape), "layers": 3, "pretrained": str(tmp_path)}))


def test_any_causal_model_serves(tmp_path):
    torch.manual_seed(1)
    original = build_language_model(LANGUAGE)
    original.save_pretrained(tmp_path)
    assert torch.equal(
        build_language_model(LanguageConfig(pretrained=str(tmp_path))).lm_head.weight, original.lm_head.weight
    )
    with pytest.raises(ConfigError, match="nowhere"):
        build_language_model(LanguageConfig(pretrained=str(tmp_path / "nowhere")))


@pytest.mark.parametrize("time_rows", ["smooth", "shared"])
def test_times_begin_like_their_neighbours(time_rows):
    torch.manual_seed(0)
    rows = TagRows(3314, 64, 0.02, (20, 3021), time_rows, sinusoids(3001, 128, step=0.5))._weight().detach()
    assert rows.std() == pytest.approx(0.02, rel=0.1)
    times = torch.nn.functional.normalize(rows[20:3021], dim=1)
    near, far = (times[:-1] * times[1:]).sum(1), (times[:-300] * times[300:]).sum(1)
    assert near.min() > 0.75 > 0.6 > far.mean()


def test_shared_times_teach_their_neighbours():
    torch.manual_seed(0)
    rows = TagRows(3314, 64, 0.02, (20, 3021), "shared", sinusoids(3001, 32, step=0.5))
    hidden = torch.randn(64)
    before = rows(hidden, "score").detach()
    rows(hidden, "score")[20 + 500].backward()
    with torch.no_grad():
        rows.time_map.weight += 0.01 * rows.time_map.weight.grad
    moved = rows(hidden, "score").detach() - before
    assert moved[520] == moved.max()
    assert moved[519] > 0.5 * moved[520]
    assert moved[20 + 2000] < 0.5 * moved[520]
    assert not moved[:20].any()


def test_a_time_is_known_by_the_position_of_its_frame():
    assert torch.equal(sinusoids(100, 32, step=0.5)[::2], sinusoids(50, 32))

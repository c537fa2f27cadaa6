"""Every token in its published place; tokens are found in text and nothing else is."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tag_schema import AUDIO_TOKENS, EXTENSION_TOKENS
from tag_schema.vocabulary import (
    BASE_SIZE_QWEN,
    EXTENDED,
    EXTENSION_LANGUAGES,
    LANGUAGES,
    RELEASED,
    RESERVED,
    SPARE_ROWS,
    TIME_TOKENS,
    find_token,
    split_tokens,
    strip_tokens,
    vocabulary,
)

# Ids of the released tokenizer.
PUBLISHED = {
    "[[[AUDIO:modality]]]": 151851,
    "<|startoftranscript|>": 151852,
    "<|startofanalysis|>": 151853,
    "<|translate|>": 151854,
    "<|transcribe|>": 151855,
    "<|caption|>": 151856,
    "<|keyword|>": 151857,
    "<|unknown|>": 151858,
    "<|en|>": 151859,
    "<|zh|>": 151860,
    "<|de|>": 151861,
    "<|es|>": 151862,
    "<|ko|>": 151863,
    "<|fr|>": 151864,
    "<|ja|>": 151865,
    "<|it|>": 151866,
    "<|zh_tr|>": 151867,
    "<|notimestamps|>": 151868,
    "<|sil|>": 151869,
    "<|timestamps|>": 151870,
    "<|0.00|>": 151871,
    "<|0.01|>": 151872,
    "<|0.29|>": 151900,
    "<|1.15|>": 151986,
    "<|9.99|>": 152870,
    "<|10.00|>": 152871,
    "<|30.00|>": 154871,
    "<|caption_audiocaps|>": 154872,
    "<|caption_clotho|>": 154873,
    "<|audioset_ontology|>": 154874,
    "<|caption_plain|>": 154875,
    "<|itn|>": 154876,
    "<|wo_itn|>": 154877,
    "<|startofentityvalue|>": 154878,
    "<|endofentityvalue|>": 154879,
    "<|startofentitytype|>": 154880,
    "<|endofentitytype|>": 154881,
    "<|named_entity_recognition|>": 154882,
    "<|audio_grounding|>": 154883,
    "<|startofword|>": 154884,
    "<|endofword|>": 154885,
    "<|delim|>": 154886,
    "<|emotion_recognition|>": 154887,
    "<|music_description|>": 154888,
    "<|note_analysis|>": 154889,
    "<|pitch|>": 154890,
    "<|midi_pitch_0|>": 154891,
    "<|midi_pitch_127|>": 155018,
    "<|velocity|>": 155019,
    "<|midi_velocity_0|>": 155020,
    "<|midi_velocity_127|>": 155147,
    "<|sonic|>": 155148,
    "<|instrument|>": 155149,
    "<|speaker_meta|>": 155150,
    "<|song_meta|>": 155151,
    "<|question|>": 155152,
    "<|answer|>": 155153,
    "<|choice|>": 155154,
    "<|scene|>": 155155,
    "<|event|>": 155156,
    "<|vocal_classification|>": 155157,
    "<|speech_understanding|>": 155158,
    "<|scenario|>": 155159,
    "<|action|>": 155160,
    "<|entities|>": 155161,
    "<|speech_edit|>": 155162,
    "<audio>": 155163,
    "</audio>": 155164,
}


def test_ids_are_the_released_ones():
    assert len(AUDIO_TOKENS) == len(set(AUDIO_TOKENS)) == 3314
    ids = {token: BASE_SIZE_QWEN + place for token, place in RELEASED.ids.items()}
    assert {token: ids[token] for token in PUBLISHED} == PUBLISHED
    # What the literal table leaves out are the three ranges, each one id per value.
    ranges = {f"<|{i / 100:.2f}|>": 151871 + i for i in range(3001)}
    ranges |= {f"<|midi_pitch_{i}|>": 154891 + i for i in range(128)}
    ranges |= {f"<|midi_velocity_{i}|>": 155020 + i for i in range(128)}
    assert ids == PUBLISHED | ranges


@pytest.mark.slow  # importing the library takes seconds
def test_extension_follows_whispers_order():
    whisper = pytest.importorskip("transformers.models.whisper.tokenization_whisper").LANGUAGES
    assert tuple(code for code in whisper if code not in LANGUAGES) == EXTENSION_LANGUAGES
    assert EXTENDED.tokens == AUDIO_TOKENS + EXTENSION_TOKENS
    assert EXTENDED.ids["<|ru|>"] + BASE_SIZE_QWEN == 155165
    assert len(EXTENSION_TOKENS) <= SPARE_ROWS


def test_vocabularies_know_their_languages():
    assert RELEASED.has_language("de") and not RELEASED.has_language("nl")
    assert EXTENDED.has_language("nl") and not EXTENDED.has_language("rw")
    assert RELEASED.has_language(None) and RELEASED.has_language("zh_tr")
    assert vocabulary("released") is RELEASED and vocabulary("extended") is EXTENDED
    assert pickle.loads(pickle.dumps(RELEASED)) is RELEASED
    with pytest.raises(ValueError, match="released or extended"):
        vocabulary("whisper")


@pytest.mark.parametrize("token", [*sorted(RESERVED)[:: len(RESERVED) // 40], "<|endoftext|>", "<|extra_204|>"])
def test_every_token_is_found_where_it_stands(token):
    assert find_token(f"ab<|{token}c") == (4, token)
    assert split_tokens(f"ab{token}{token}c") == ["ab", token, token, "c"]
    assert strip_tokens(f"ab{token}c") == "abc"


@pytest.mark.parametrize(
    "text", ["<|foo|>", "<|EN|>", "<|en |>", "<en>", "<|0.001|>", "<|30.01|>", "<|00.10|>", "<|extra_205|>", "<|", ""]
)
def test_what_looks_like_a_token_is_text(text):
    assert find_token(text) is None
    assert split_tokens(text) == [text] * bool(text)


@given(st.lists(st.sampled_from([*TIME_TOKENS[:3], "<|sil|>", "<|foo|>", "<", "|>", "a", "<audio>"]), max_size=8))
def test_pieces_join_to_the_text(pieces):
    text = "".join(pieces)
    assert "".join(split_tokens(text)) == text
    assert find_token(strip_tokens(text, " ")) is None
    # The search in one pass finds what looking for each token finds.
    places = [(text.find(token), token) for token in RESERVED if token in text]
    assert find_token(text) == (min(places) if places else None)

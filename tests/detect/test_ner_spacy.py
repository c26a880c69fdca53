"""A model folder opens in spaCy as it is."""

import spacy

import onprem.detect.ner_spacy  # noqa: F401 - registers the tokeniser and the component
from onprem.detect.ner import load, model_folder, spans_of

TEXT = "Seen by Dr. Maribel Ocampo\nat Mercy  General Hospital on March 3, 2021."


def test_spacy_opens_the_folder_and_finds_the_same():
    pipeline = spacy.load(model_folder("en"))
    doc = pipeline(TEXT)
    assert doc.text == TEXT
    ours = [(span.start, span.end, span.label.value) for span in spans_of(load("en"), TEXT, lang="en")]
    assert ours
    assert [(span.start_char, span.end_char, span.label_) for span in doc.ents] == ours

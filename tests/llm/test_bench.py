"""The measuring measures: every rate is told, in turns, and is of the order of the others."""

from onprem.llm.bench import measure, steps
from onprem.llm.llama import Settings, load


def test_rates_of_the_small_model(smollm2, small_card):
    model = load(small_card, smollm2, Settings(sequences=4, context=512))
    done = []
    try:
        rates = measure(model, turns=1, turn_s=0.5, progress=done.append)
    finally:
        model.close()
    assert sum(done) == steps(1)
    assert 8 <= rates.tokens <= 96
    assert 0.1 < rates.single / rates.raw < 10
    assert rates.batch > 0 and rates.prompt > 0
    assert rates.peak > smollm2.stat().st_size

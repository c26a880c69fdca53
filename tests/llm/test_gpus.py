"""What llama.cpp's library tells of GPUs: none on a machine that has none."""

from onprem.llm import gpus, placing


def test_the_library_is_asked_and_finds_as_much_as_the_machine_has():
    # a build without a GPU finds none anywhere; one with a GPU is not at hand where tests run
    assert (gpus.free_bytes() > 0) <= placing.has_gpu()

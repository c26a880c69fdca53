"""The free memory of the GPUs that llama.cpp was built for and sees. Lives in the process of the model."""

from __future__ import annotations

import ctypes

from onprem.llm.binding import C

_GPU = 1  # enum ggml_backend_dev_type


def free_bytes() -> int:
    """Return the free bytes of all GPUs together; 0 where there is none, or the library was built without."""
    library = C._lib
    count, get = library.ggml_backend_dev_count, library.ggml_backend_dev_get
    kind, memory = library.ggml_backend_dev_type, library.ggml_backend_dev_memory
    count.restype, count.argtypes = ctypes.c_size_t, []
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    kind.restype, kind.argtypes = ctypes.c_int, [ctypes.c_void_p]
    memory.restype, memory.argtypes = None, [ctypes.c_void_p, *(2 * [ctypes.POINTER(ctypes.c_size_t)])]
    total = 0
    for device in map(get, range(count())):
        if kind(device) == _GPU:
            free, whole = ctypes.c_size_t(), ctypes.c_size_t()
            memory(device, ctypes.byref(free), ctypes.byref(whole))
            total += free.value
    return total

"""The local language model: verified files on a shelf, run by llama.cpp in a child process."""

"""What a local language model does for a person or a program: answers that rest on what they cite."""

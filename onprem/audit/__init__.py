"""The append-only audit log: events, segments, Merkle roots, signed checkpoints, verification."""

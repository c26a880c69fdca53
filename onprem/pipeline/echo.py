"""Between stages 2 and 3, in the parent and only where the policy asks for it: a language model reads all free text.

The model is one process and cannot be shared by workers, so the parent asks it, many records at a time. What a task leaves:
`echo-N.jsonl`, one line per record in the order of `find-N.jsonl`: {field index: [[start, end, label], ...]}, in view
offsets, no text; null where the model was not understood, which holds the record.
"""

from __future__ import annotations

import json

from onprem.detect.echo import Echo
from onprem.model import Kind
from onprem.pipeline.deidentify import searched
from onprem.pipeline.find import prepare_field, records_of
from onprem.pipeline.plan import Task
from onprem.pipeline.room import Room, write_whole


def echo_task(room: Room, task: Task, echo: Echo) -> int:
    """Ask the model about the free text of a task's records; return how many there were. Does nothing when it is done.

    Raises:
        ModelError: the model's process ended. What was done stays for --resume.
    """
    result = room.folder / f"echo-{task.index:06}.jsonl"
    records = sum(room.plan.sources[source].chunks[chunk].count for source, chunk in task.pieces)
    if result.exists():
        return records
    places: list[tuple[int, str]] = []
    texts: list[str] = []
    lines: list[dict[str, list[tuple[int, int, str]] | None]] = []
    for record, _ in records_of(room, task):
        for at, item in enumerate(record.fields):
            if item.kind is Kind.TEXT and searched(item, room.policy):
                prepared = prepare_field(item, room.spec.lang)
                if prepared.readable:  # one in another language is held anyway
                    places.append((len(lines), str(at)))
                    texts.append(prepared.passage.text)
        lines.append({})
    for (line, field), echoed in zip(places, echo.find(texts), strict=True):
        spans = [(span.start, span.end, span.label.value) for span in echoed.spans]
        lines[line][field] = spans if echoed.unclear is None else None
    write_whole(result, map(json.dumps, lines))
    return records

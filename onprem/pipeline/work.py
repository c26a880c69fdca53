"""The stages that a worker can be asked for, by name and task number: nothing else crosses to a worker."""

from __future__ import annotations

from onprem.pipeline.change import change_task
from onprem.pipeline.find import find_task
from onprem.pipeline.gate import gate_task
from onprem.pipeline.names import name_outputs
from onprem.pipeline.room import Room

_STAGES = {"find": find_task, "change": change_task, "gate": gate_task}


def work(room: Room, stage: str, task: int) -> int:
    """Carry out one task of a stage; return how many records it holds."""
    if stage == "names":
        return name_outputs(room)
    return _STAGES[stage](room, room.plan.tasks[task])

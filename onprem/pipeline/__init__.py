"""From a folder of records to a safe folder: the only place where formats, detection, policy, vault and audit meet.

The way of the data, each stage a module:

1. `collect`  (parent)   files -> plan; patients' keys and the roster go into sealed stores.
2. `find`     (workers)  records -> spans, by offset; what was accepted for a patient goes sealed to the roster.
3. `change`   (workers)  records + spans + roster -> `deidentify` -> clean parts.
4. `publish`  (parent)   parts -> files, in the private work area.
5. `gate`     (workers)  the files, reopened, against every value of their patients.
6. `publish`  (parent)   files that passed appear in the output by rename.

What needs a person goes round: `doubts` leaves it with what the run holds, `queue` opens it for `onprem review`,
`decisions` keeps what was said, and `replay` carries it out in the next run.

Every stage leaves its result under the run's folder by rename, so a run that was killed goes on where it stood.
"""

"""A synthetic hospital from a specification that ships with the program, and linked tables of patients read and written."""

from onprem.synth.ehr.folder import TABLES, read_patients, tables
from onprem.synth.ehr.patient import Diagnosis, Encounter, Lab, Medication, Patient
from onprem.synth.ehr.simulate import patient, simulate

__all__ = [
    "TABLES",
    "Diagnosis",
    "Encounter",
    "Lab",
    "Medication",
    "Patient",
    "patient",
    "read_patients",
    "simulate",
    "tables",
]

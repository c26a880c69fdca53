"""A tiny pack in text, and the sources and model of tests of packs."""

from onprem.llm.scripted import Scripted
from onprem.synth.contract import Asker, Sources
from onprem.synth.pack_read import PACKS, read

# as small as a pack can be: two items, two topics, a flag; no line of code knows of it
TINY = """
name = "migraine"
version = 3
about = "talks about headaches"
notice = "Made up."
main = "burden"
start = "days"
topics = [2, 2]

[[item]]
id = "days"
values = ["few", "many"]
shares = [0.5, 0.5]
load = { pain = 0.8 }
hides = 0.3

[[item]]
id = "sudden"
values = ["no", "yes"]
shares = [0.7, 0.3]
points = [0, 5]
load = { pain = 0.5 }
hides = 0.5

[[scale]]
id = "burden"
items = ["days", "sudden"]
bands = { low = 0, high = 1 }

[[topic]]
id = "days"
items = ["days"]
next = { sudden = 1 }

[[topic]]
id = "sudden"
items = ["sudden"]
mandatory = true

[[flag]]
id = "thunderclap"
when = { sudden = ["yes"] }
[flag.say]
en = "Thank you. I am calling a colleague to you right now."

[speech.en]
summary = ["Told: {found}. Denied: {absent}. Not told: {unknown}."]
[speech.en.words]
few = ["a few", "now and then"]
many = ["most days", "nearly all"]
[speech.en.acts]
greeting = ["Hello."]
acknowledge = ["I see."]
empathy = ["That sounds hard."]
again = ["Let me ask again."]
recap = ["So: {found}."]
advice = ["Drink enough water."]
closing = ["Thank you, see you soon."]
evade = ["Hard to say."]
relent = ["All right."]
correct = ["To be honest."]
hesitate = ["Well."]
agree = ["Yes."]
accept = ["Okay."]
thanks = ["Thank you."]

[speech.en.item.days]
name = "headaches"
about = ["headache*"]
open = ["How are your headaches?"]
closed = ["How many days have a headache?", "Do you have a headache now and then?"]
[speech.en.item.days.say]
few = ["I have a headache on a few days.", "A headache comes now and then."]
many = ["I have a headache most days.", "Nearly all days have a headache."]
[speech.en.item.days.note]
few = "headache on a few days"
many = "headache on most days"

[speech.en.item.sudden]
name = "sudden pain"
about = ["sudden*", "thunder"]
open = ["Was it ever sudden?"]
closed = ["Did it come like thunder?", "Was the onset sudden?"]
[speech.en.item.sudden.say]
no = ["No, never sudden.", "It was not like thunder."]
yes = ["It was as sudden as thunder.", "Yes, it came suddenly, the worst pain of my life."]
[speech.en.item.sudden.note]
no = "no sudden pain"
yes = "pain of sudden onset"
"""


def tiny(folder, text=TINY):
    path = folder / "migraine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def shipped_pack(name):
    return read(PACKS / f"{name}.toml")


def written(work, number, say, seed=1):
    """Run one attempt of a work with a model that says what `say` makes of the prompt; return its end and the model."""
    llm = Scripted(say)
    steps = work.write(number, Asker(llm, Sources(seed=seed).rng(number, "sampling")))
    try:
        asked = next(steps)
        while True:
            asked = steps.send(list(llm.complete(asked)))
    except StopIteration as end:
        return end.value, llm

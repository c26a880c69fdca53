"""Tables: fitted on a hospital's own by sequential trees, or made private by a mechanism with an accountant.

For use inside the house, by trees:
`shapes` what is known of a column; rare categories; keys made afresh. `leaves` one column given others: a tree, its donors,
smoothing. `trees` a single table. `schema` how tables are linked, inferred or told, and their checks. `cells` times with
their bounds, numbers by item. `past` what a row follows; `recurring` items that come again.
`plan` and `walk` a linked table as it is drawn. `linked` several tables. `folder` from files to files, with a card.

For what leaves the house, with differential privacy: `noise` and `accountant`, the only way to draw noise; `marginals*` the
measurements and the estimate; `private` the model.

Rules: fitted models stay in memory; no real key, rare category or extreme number stands in what is made; the same seed gives
the same rows. Trees give no formal guarantee: their figures come from the gate (`onprem.evaluate.privacy`).
"""

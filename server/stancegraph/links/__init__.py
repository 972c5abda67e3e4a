"""Links to registers elsewhere: candidates, decisions on them, and how links and facts fare.

Nothing enters the graph without a decision, and nothing at run time depends on a register::

    graph ──> candidates ──> proposals ──> review ──> data/links/*.ttl ──> check
              (lookup,       (SSSOM)       (people)   (claims)             (gaps, proposals
               kept answers)                                               for the register)
"""

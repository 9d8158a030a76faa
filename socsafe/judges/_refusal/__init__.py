"""The parts of the refusal judge.

`reading` cuts a reply into sentences; `cues`, with `declining`, says what a sentence does by its wording, and `said` what it does
in answer to its prompt; `asking` says what the prompt wanted and `premise` what it took for granted; `refusing` finds the refusal
and `beside` the answer next to it; `void` finds replies that say nothing.
"""

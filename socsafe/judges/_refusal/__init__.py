"""The parts of the refusal judge.

`reading` cuts a reply into sentences; `cues`, with `declining`, says what each of them does; `asking` says what the prompt
wanted; `void` finds replies that say nothing.
"""

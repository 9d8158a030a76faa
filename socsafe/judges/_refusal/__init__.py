"""The parts of the refusal judge: `reading` cuts a reply into sentences, `cues` says what each of them does, `void` finds no-replies."""

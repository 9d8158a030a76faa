"""Loaded by every Python process of a run that is to be killed: notes what it writes, and kills the run inside a chosen write.

    PYTHONPATH=tests/faults/hook SOCSAFE_FAULTS='{"root": "/tmp/p", "log": "/tmp/log", "kill": {...}}' socsafe run recipes/small

Everything else is the real thing: the signal is SIGKILL, sent to the command from wherever the write happens, be it the command
itself, Axolotl or a converter. `kill` names a moment: {"kind", "path", "number", "how"}, the number-th time that `path` is written.

A file that is written whole is written beside its place and renamed (`replace`): the moments are with half of it there (`half`),
whole but not yet renamed (`whole`), and just renamed (`renamed`). peft writes an adapter's weights and then opens its
configuration (`config`): with half of the weights there, or whole. The account of training (`account`) and a line of a judge's
answers (`answer`) are written in place, so half of them may be there.
"""

# ruff: noqa: PTH100, PTH113, PTH118, PTH120, PTH202
# pathlib is what is being watched.
import json
import os
import pathlib
import signal
import sys
import time

START = "socsafe.stages.mix"
"""A module that is imported where the work begins."""


def die():
    main = int(os.environ["SOCSAFE_FAULTS_MAIN"])
    for number in (main, os.getpid()):
        os.kill(number, signal.SIGKILL)
    time.sleep(60)


class Hook:
    def __init__(self, settings):
        self.root, self.log, self.kill = settings["root"] + os.sep, settings["log"], settings.get("kill")
        self.seen, self.line, self.busy = {}, b"", False

    def within(self, path):
        """The path relative to the project, or an empty text for one elsewhere."""
        path = os.path.abspath(os.fsdecode(path))
        return path[len(self.root) :] if path.startswith(self.root) else ""

    def note(self, **event):
        text = json.dumps({"pid": os.getpid(), "at": time.monotonic(), **event}) + "\n"
        handle = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, text.encode())
        os.close(handle)

    def moment(self, kind, path):
        """Note a write; how the run is to be killed in it, or an empty text."""
        number = self.seen[kind, path] = self.seen.get((kind, path), 0) + 1
        self.note(kind=kind, path=path, number=number)
        chosen = self.kill and (self.kill["kind"], self.kill["path"], self.kill["number"]) == (kind, path, number)
        return self.kill["how"] if chosen else ""

    def replace(self, real):
        def replace(source, target, **more):
            path = self.within(target)
            how = self.moment("replace", path) if path and os.path.isfile(source) else ""
            if how == "half":
                os.truncate(source, os.path.getsize(source) // 2)
            if how in ("half", "whole"):
                die()
            real(source, target, **more)
            if how == "renamed":
                die()

        return replace

    def write_text(self, real):
        def write_text(path, text, *rest, **more):
            if path.name == "training.json" and self.moment("account", self.within(path)):
                real(path, text[: len(text) // 2], *rest, **more)
                die()
            return real(path, text, *rest, **more)

        return write_text

    def __call__(self, event, arguments):
        if self.busy or event not in ("open", "import"):
            return
        self.busy = True
        try:
            if event == "import" and arguments[0] == START:
                self.note(kind="start", path=arguments[0])
            elif event == "open" and isinstance(arguments[0], (str, bytes)) and isinstance(arguments[1], str):
                self.opened(os.fsdecode(arguments[0]), arguments[1])
        finally:
            self.busy = False

    def opened(self, file, mode):
        if file.endswith("adapter_config.json") and "w" in mode:
            if how := self.moment("config", self.within(file)):
                weights = os.path.join(os.path.dirname(file), "adapter_model.safetensors")
                if how == "half":
                    os.truncate(weights, os.path.getsize(weights) // 2)
                die()
        elif file.endswith("convert.log") and "w" in mode:
            self.note(kind="start", path="convert.log")
        elif "/answers/" in file and "a" in mode and file.endswith(".jsonl"):
            how = self.moment("answer", self.within(file))
            if how == "half" and self.line:
                handle = os.open(file, os.O_WRONLY | os.O_APPEND)
                os.write(handle, self.line[: len(self.line) // 2])
            if how:
                die()
            self.keep_lines()

    def keep_lines(self):
        """From here on know the line that is about to be added to the answers."""
        answers = sys.modules["socsafe.engines.answers"]
        if not hasattr(answers, "_real_line"):
            answers._real_line = answers._line

            def line(*arguments):
                self.line = answers._real_line(*arguments)
                return self.line

            answers._line = line


if settings := os.environ.get("SOCSAFE_FAULTS"):
    hook = Hook(json.loads(settings))
    if os.environ.setdefault("SOCSAFE_FAULTS_MAIN", str(os.getpid())) == str(os.getpid()):
        hook.note(kind="main", path="")
    os.replace = hook.replace(os.replace)
    pathlib.Path.write_text = hook.write_text(pathlib.Path.write_text)
    sys.addaudithook(hook)

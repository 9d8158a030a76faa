"""The `socsafe` command. Command modules import click alone; what a command needs is imported when it runs.

socsafe run recipes/quickstart/study.yml
"""

from __future__ import annotations

import io
import signal
import sys
from types import FrameType

import click

from socsafe import __version__
from socsafe.cli.base import base
from socsafe.cli.data import data
from socsafe.cli.export import export
from socsafe.cli.groups import InOrder
from socsafe.cli.judge import judge
from socsafe.cli.recipe import recipe
from socsafe.cli.report import report
from socsafe.cli.run import ability, generate, quantize, run, status, train
from socsafe.cli.verify import verify
from socsafe.errors import SocsafeError
from socsafe.shown import visible

EXAMPLES = """\b
Examples:
  socsafe run recipes/quickstart/study.yml          every stage, from the study to the report
  socsafe status recipes/quickstart/study.yml       what is done and what is not
  socsafe verify recipes/quickstart/study.yml       whether all of it is still what was made
  socsafe recipe render recipes/quickstart/study.yml
  socsafe recipe render recipes/quickstart/study.yml --check
"""
INTERRUPTED = 128
"""Plus the signal's number is the exit code of a command that was stopped, as shells have it: 130 for Ctrl-C, 143 for SIGTERM."""
MOST_SHOWN = 50
"""Mistakes that are printed; a file that is wrong all over has one on every line."""


@click.group(cls=InOrder, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="socsafe")
def cli() -> None:
    """Safety fine-tuning studies: one YAML file in, a report out.

    A study is recipes/<study>/study.yml. Everything a run has finished is kept; run the same command again to go on.
    """


for command in (run, status, verify, recipe, data, base, train, quantize, generate, ability, judge, report, export):
    cli.add_command(command)


def main() -> None:
    """Run the command line; print mistakes and failures as messages, and leave with 2 for the one and 1 for the other."""
    stopped_by = signal.SIGINT

    def terminate(number: int, frame: FrameType | None) -> None:
        """End as Ctrl-C does, with what is being trained stopped too: a machine that is shut down sends SIGTERM."""
        nonlocal stopped_by
        stopped_by = signal.Signals(number)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGTERM, terminate)
    try:
        cli.main(prog_name="socsafe", standalone_mode=False)
    except SocsafeError as error:
        for problem in error.problems[:MOST_SHOWN]:
            # What a message quotes may come from a file, a server or a model.
            click.echo(visible(f"error: {problem}"), err=True)
        if len(error.problems) > MOST_SHOWN:
            click.echo(f"error: and {len(error.problems) - MOST_SHOWN} more like these", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        click.echo(visible(text.getvalue()), nl=False, err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nstopped. What was finished is kept: run the same command again to go on.", err=True)
        sys.exit(INTERRUPTED + stopped_by)
    except BrokenPipeError:
        sys.exit(1)
    except MemoryError:
        click.echo("error: there is not enough memory. What was finished is kept: make room, then run the same command again.", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(visible(f"error: {error.filename or 'the system'}: {error.strerror or error}. What was finished is kept."), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()

"""`./snr status`."""

from rich.console import Console
from rich.table import Table

from cli.settings import StackSettings
from cli.stack import Stack
from cli.up import is_healthy
from lake.errors import LakeError
from lake.paths import Places


def run() -> None:
    stack = Stack(Places.from_settings(), StackSettings())
    if stack.pid is None:
        raise LakeError(f"Nothing runs on {stack.places.home}.", "./snr up starts it.")
    states = {state["name"]: state for state in stack.states()}
    table = Table()
    for heading in ("process", "state", "since", "answers", "address"):
        table.add_column(heading, no_wrap=True)
    for program in stack.programs:
        state = states[program.name]
        answers = ("yes" if is_healthy(program) else "no") if program.health else ""
        table.add_row(
            program.name, state["statename"], state["description"], answers, program.address
        )
    Console(width=max(Console().width, 120)).print(table)

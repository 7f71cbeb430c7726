"""`./snr status`."""

import httpx
from rich.console import Console
from rich.table import Table

from cli.settings import StackSettings
from cli.stack import Stack
from cli.up import is_healthy
from lake.errors import LakeError
from lake.places import Places


def _stream(places: Places) -> tuple[str, ...]:
    """The process that the newest run of the stream has left word of."""
    from flows.stream.supervision import noted_process

    process = noted_process(places)
    if process is None or process.is_gone:
        return "NOT RUNNING", "", "no", "logs/spark.log"
    return "RUNNING", f"pid {process.process_id}, run {process.flow_run_id}", "", ""


def run() -> None:
    stack = Stack(Places.from_settings(), StackSettings())
    if stack.pid is None:
        raise LakeError(f"Nothing runs on {stack.places.home}.", "./snr up starts it.")
    states = {state["name"]: state for state in stack.states()}
    table = Table()
    for heading in ("process", "state", "since", "answers", "address"):
        table.add_column(heading, no_wrap=True)
    with httpx.Client(timeout=2) as client:
        for program in stack.programs:
            state = states[program.name]
            answers = ("yes" if is_healthy(program, client) else "no") if program.health else ""
            table.add_row(
                program.name, state["statename"], state["description"], answers, program.address
            )
    table.add_row("stream", *_stream(stack.places))
    Console(width=max(Console().width, 120)).print(table)

"""`./snr`: one command each; failures end as one line of cause and one of fix.

Nothing heavy is imported here, so that `./snr --help` answers at once.
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from lake import logs
from lake.auth import Auth
from lake.errors import LakeError

app = typer.Typer(
    help="SNR Hospitals: live beds, bookings and their numbers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option(help="Show the traceback of a failure.")] = False,
) -> None:
    context.obj = {"debug": debug}


@app.command()
def up(
    speed: Annotated[
        float | None, typer.Option(min=0.001, max=3600, help="Hospital seconds per wall second.")
    ] = None,
    simulator: Annotated[
        bool, typer.Option("--simulator/--no-simulator", help="Run the simulated hospital.")
    ] = True,
    auth: Annotated[
        Auth,
        typer.Option(
            envvar="SNR_AUTH", help="on: people sign in; off: nobody does (loopback only)."
        ),
    ] = Auth.ON,
) -> None:
    """Start everything; Ctrl-C stops it."""
    _command("up").run(speed=speed, simulator=simulator, auth=auth)


@app.command()
def status() -> None:
    """What runs, and where."""
    _command("status").run()


@app.command()
def down() -> None:
    """Stop what `up` started."""
    _command("down").run()


@app.command("test", context_settings=PASS_ON)
def run_tests(
    context: typer.Context,
    fast: Annotated[
        bool, typer.Option("--fast", help="Those without JVM, stack and fuzzer.")
    ] = False,
    long: Annotated[bool, typer.Option("--long", help="Run the long tests too.")] = False,
) -> None:
    """Run the tests; further arguments go to pytest (-m long: the long ones alone)."""
    _command("test").run(context.args, fast=fast, long=long)


@app.command()
def mutate(
    path: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="In simulator/domain; none: all of it.")
    ] = Path("simulator", "domain"),
) -> None:
    """Break the booking rules line by line; names what no test notices."""
    _command("mutate").run(path)


@app.command()
def check() -> None:
    """Style, types, security, import contracts, declared packages, generated docs."""
    _command("check").run()


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="An ADT log in CSV.")],
    time_zone: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of times without an offset, and of the hospital's days; none: hospital.toml's.",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="OURS=THEIRS,...",
            help="What the log calls its columns: case_id=hadm_id,unit=careunit.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what a replay would; nothing is written.")
    ] = False,
) -> None:
    """Feed a recorded log into an empty lake; rows not applied go to FILE's .faults.csv."""
    _command("replay").run(file, time_zone=time_zone, columns=columns, check=check)


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="A SELECT; none: a prompt.")] = None,
    output: Annotated[str, typer.Option("--format", help="table, csv, json or parquet.")] = "table",
    init: Annotated[
        bool, typer.Option("--init", help="Write init.sql: the same views in any DuckDB.")
    ] = False,
) -> None:
    """Ask the lake."""
    if init:
        _command("sql").write_init_script()
    else:
        _command("sql").run(query, output)


@app.command()
def build(
    from_on: Annotated[str | None, typer.Option("--from", help="First hospital date.")] = None,
    to_on: Annotated[str | None, typer.Option("--to", help="Last hospital date.")] = None,
) -> None:
    """Build the batch tables for a range of hospital dates."""
    _command("build").run(from_on, to_on)


@app.command()
def stream(
    once: Annotated[bool, typer.Option("--once", help="Catch up and stop.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make lost or torn checkpoints anew; then stop.")
    ] = False,
) -> None:
    """Run the stream (through Prefect beside `up`, else here), or only catch up."""
    _command("stream").run(once=once, repair=repair)


@app.command()
def requeue() -> None:
    """Put quarantined events through the checks again; after a fix they are taken in."""
    _command("requeue").run()


users = typer.Typer(help="Who may sign in, and as what.", no_args_is_help=True)
app.add_typer(users, name="user")
Name = Annotated[str, typer.Argument(help="To sign in with.")]
ROLES = "viewer, clerk, manager or admin; several: once each."
Roles = Annotated[list[str], typer.Option("--role", help=ROLES)]
Wards = Annotated[list[str], typer.Option("--ward", help="A clerk's own; several: once each.")]


@users.command("add")
def add_user(name: Name, role: Roles, ward: Wards = []) -> None:  # noqa: B006 - Typer's way
    """Somebody new; prints the first password, for once."""
    _command("user").add(name, role, ward)


@users.command("role")
def set_roles(
    name: Name,
    role: Roles,
    hours: Annotated[
        float | None, typer.Option(help="Besides the present roles, for so long.")
    ] = None,
) -> None:
    """Instead of the present roles; ends what is open of the person."""
    _command("user").set_roles(name, role, hours)


@users.command("wards")
def set_wards(
    name: Name, ward: Annotated[list[str] | None, typer.Argument(help="A clerk's own.")] = None
) -> None:
    """Instead of the present wards; ends what is open of the person."""
    _command("user").set_wards(name, ward or [])


@users.command("disable")
def disable_user(name: Name) -> None:
    """Ends what is open of the person, who cannot sign in any more."""
    _command("user").disable(name)


@users.command("reset")
def reset_user(name: Name) -> None:
    """Prints a password for once, for who has lost theirs or was disabled."""
    _command("user").reset(name)


@users.command("list")
def list_users() -> None:
    """Everybody, with roles and wards."""
    _command("user").show_all()


tokens = typer.Typer(help="Tokens of services and screens.", no_args_is_help=True)
app.add_typer(tokens, name="token")
TokenId = Annotated[str, typer.Argument(help="As ./snr token list says.")]


@tokens.command("add")
def add_token(
    role: Annotated[str, typer.Option(help="What it may: viewer, clerk, manager or admin.")],
    label: Annotated[str, typer.Option(help="What it is for.")] = "service",
    ward: Wards = [],  # noqa: B006 - Typer's way
    scope: Annotated[
        list[str], typer.Option(help="read, write, metrics or screen; none: read and write.")
    ] = [],  # noqa: B006 - Typer's way
    days: Annotated[
        float | None, typer.Option(help="How long it holds; none: until revoked.")
    ] = None,
) -> None:
    """Prints a token, which is shown this once."""
    _command("token").add(role, label, ward, scope, days)


@tokens.command("rotate")
def rotate_token(
    token_id: TokenId,
    overlap_hours: Annotated[float, typer.Option(help="How long both hold.")] = 24,
) -> None:
    """Prints another one like it; this one ends by itself."""
    _command("token").rotate(token_id, overlap_hours)


@tokens.command("revoke")
def revoke_token(token_id: TokenId) -> None:
    """It holds no more."""
    _command("token").revoke(token_id)


@tokens.command("list")
def list_tokens() -> None:
    """All of them: what each may, until when, and when it was last used."""
    _command("token").show_all()


audit = typer.Typer(help="Who was shown what, and what was refused.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@audit.command("verify")
def verify_audit(
    key: Annotated[
        Path | None, typer.Option(help="The public key, where it is kept elsewhere.")
    ] = None,
) -> None:
    """Follow the chains of the log and of the audit, and compare the signed checkpoints."""
    _command("audit").verify(key)


@audit.command("list")
def list_audit(
    who: Annotated[str | None, typer.Option(help="Of one person.")] = None,
    patient: Annotated[str | None, typer.Option(help="Of one patient, by reference.")] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many rows.")] = 50,
) -> None:
    """The newest rows."""
    _command("audit").show(who, patient, most)


supplies = typer.Typer(help="What this is made of, and what is known of it.", no_args_is_help=True)
app.add_typer(supplies, name="supply")


@supplies.command("audit")
def audit_supply() -> None:
    """Ask for known vulnerabilities of the locked packages."""
    _command("supply").audit()


@supplies.command("sbom")
def list_supply(
    output: Annotated[Path | None, typer.Option(help="A file; none: it is printed.")] = None,
) -> None:
    """What is installed, as CycloneDX in JSON: Python's packages and Java's libraries."""
    _command("supply").sbom(output)


@supplies.command("licences")
def list_licences() -> None:
    """Under which licences Python's packages come; fails at one that is not allowed."""
    _command("supply").licences()


@app.command()
def verify() -> None:
    """Count every curated table again from the event log, in a second way."""
    _command("verify").run()


@app.command()
def doctor() -> None:
    """Look for what could be wrong, with the fix for each."""
    _command("doctor").run()


@app.command()
def bench(
    name: Annotated[str | None, typer.Argument(help="Which one; none: all.")] = None,
    long: Annotated[bool, typer.Option("--long", help="Measure what takes longer too.")] = False,
) -> None:
    """Measure, beside a reference from the same run."""
    _command("bench").run(name, long=long)


def _command(name: str) -> Any:
    return import_module(f"cli.{name}")


def main() -> int:
    debug = "--debug" in sys.argv
    os.umask(0o027)  # what is written here is nobody else's
    logs.to_standard_error()
    try:
        code = app(_comments_are_no_options(sys.argv[1:]), "./snr", standalone_mode=False)
    except LakeError as error:
        return _explain(str(error), error.fix, debug)
    except (ValidationError, SettingsError) as error:
        return _explain(f"A setting is wrong: {_first_line(error)}", "Correct it.", debug)
    except OSError as error:
        return _explain(str(error), "./snr doctor looks for the cause.", debug)
    except (KeyboardInterrupt, typer.Abort):
        return 1
    except Exception as error:  # noqa: BLE001 - the last line before the user
        return _not_ours(error, debug)
    return code if isinstance(code, int) else 0


def _comments_are_no_options(arguments: list[str]) -> list[str]:
    """SQL may begin with a comment, and a comment like an option."""
    comments = [one for one in arguments if one.startswith(("-- ", "--\n"))]
    return [
        *(one for one in arguments if one not in comments),
        *(["--"] if comments else []),
        *comments,
    ]


def _not_ours(error: Exception, debug: bool) -> int:
    show: Callable[[], None] | None = getattr(error, "show", None)
    if show:  # a usage error of the command line
        show()
        return int(getattr(error, "exit_code", 2))
    return _explain(f"{type(error).__name__}: {error}", "Run again with --debug.", debug)


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _explain(cause: str, fix: str, debug: bool) -> int:
    if debug:
        raise  # noqa: PLE0704 - called only while an exception is handled
    print(" ".join(cause.split("\n")), file=sys.stderr)
    print(f"Fix: {fix}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

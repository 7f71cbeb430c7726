"""The commands as a newcomer types them: what goes wrong ends as one cause and one fix."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import structlog
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from cli import docs, sql, verify
from cli.doctor import examine
from cli.main import main
from cli.replay import text_of
from cli.settings import StackSettings
from flows.stream.pace import Pace
from lake.arrow import open_or_create
from lake.duck import VIEWS, LakeReader
from lake.errors import LakeError
from lake.places import CHECKOUT, Places
from lake.tables import BED_BOARD, BED_EVENTS, PRIVATE_COLUMNS, SCHEMA_VERSION, TABLES
from simulator.feeds.replay_file import replay_file
from simulator.writer.event_log import WRITER
from tests.delta_extension import delta_extension
from tests.lake.lake_rows import write
from tests.simulator.feeds.test_replay import LOG


def snr(home: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own."""
    environment = os.environ | {"SNR_HOME": str(home)} | settings
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        env=environment,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def snr_here(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command in this process, without the second that a new one takes to load all it needs."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    logging_before = structlog.get_config()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNR_HOME", str(home))
        patch.chdir(CHECKOUT)
        for name, value in {"argv": ["snr", *arguments], "stdout": out, "stderr": err}.items():
            patch.setattr(sys, name, value)
        try:
            code = main()
        except SystemExit as exit_:
            code = int(exit_.code or 0)
    structlog.configure(**logging_before)
    told = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(list(arguments), code, *told)


def has_cause_and_fix(done: "subprocess.CompletedProcess[str]", cause: str) -> None:
    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2, done.stderr
    assert cause in lines[0]
    assert lines[1].startswith("Fix: ")
    assert done.stdout == ""


@pytest.fixture
def replayed(places: Places, tmp_path: Path) -> Path:
    (tmp_path / "adt.csv").write_text(LOG)
    replay_file(places, tmp_path / "adt.csv", "snr")
    return places.home


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [(["upp"], "'up'"), (["replya", "x"], "'replay'"), (["up", "--sped", "2"], "--speed")],
)
def test_a_mistyped_word_is_exit_2_with_the_nearest_match(tmp_path, arguments, nearest) -> None:
    done = snr(tmp_path, *arguments)
    assert done.returncode == 2
    assert nearest in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("program", ["simulator.serve", "dashboard.serve"])
def test_whether_people_sign_in_is_on_or_off(tmp_path, program) -> None:
    environment = os.environ | {"SNR_HOME": str(tmp_path / "home"), "SNR_AUTH": "perhaps"}
    done = subprocess.run(
        [sys.executable, "-m", program],
        env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "auth" in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_taken_port_is_named_with_what_to_do(tmp_path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = snr(tmp_path / "home", "up", SNR_API_PORT=str(port))
    has_cause_and_fix(done, f"Port {port} is taken")
    assert "SNR_API_PORT=" in done.stderr
    assert not (tmp_path / "home" / "run").exists()  # nothing was started before it was seen


def test_a_home_that_cannot_be_written_is_named(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    has_cause_and_fix(snr(tmp_path / "file" / "home", "up"), "cannot be written")


def test_a_wrong_setting_is_named(tmp_path) -> None:
    has_cause_and_fix(snr(tmp_path, "up", SNR_API_PORT="eighty"), "api_port")
    for command in (["up"], ["stream", "--once"]):
        has_cause_and_fix(snr(tmp_path, *command, SNR_STREAM_PACE="31"), "stream_pace")


def test_a_file_that_is_no_adt_log_is_refused(tmp_path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    home = tmp_path / "home"
    has_cause_and_fix(snr_here(home, "replay", str(tmp_path / "x.csv")), "columns")
    has_cause_and_fix(snr_here(home, "replay", str(tmp_path / "no.csv")), "cannot be read")


def test_debug_shows_the_traceback(tmp_path) -> None:
    done = snr(tmp_path / "home", "--debug", "replay", "no.csv")
    assert "Traceback" in done.stderr


def test_what_is_not_running_is_said(tmp_path) -> None:
    has_cause_and_fix(snr_here(tmp_path, "status"), "Nothing runs")
    assert snr_here(tmp_path, "down").returncode == 0


def test_the_summary_of_a_replay_adds_up_for_its_reader(places, tmp_path) -> None:
    (tmp_path / "adt.csv").write_text(LOG)
    done = snr(places.home, "replay", str(tmp_path / "adt.csv"))
    assert done.returncode == 0, done.stderr
    assert "12 rows" in done.stdout
    assert "line 7: a release of C, who is in no bed" in done.stdout


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("csv", '"ward_id","n","nothing"\n"G",1,\n"M",4,\n'),
        (
            "json",
            '[{"ward_id":"G","n":1,"nothing":null},{"ward_id":"M","n":4,"nothing":null}]\n',
        ),
    ],
)
def test_sql_answers_in_every_format(replayed, output, expected) -> None:
    query = "SELECT ward_id, count(*) AS n, NULL AS nothing FROM live_board GROUP BY 1 ORDER BY 1"
    done = snr_here(replayed, "sql", query, "--format", output)
    assert (done.returncode, done.stdout) == (0, expected)


def test_sql_that_begins_with_a_comment_is_no_option_and_lists_fit_into_csv(replayed) -> None:
    query = (CHECKOUT / "docs" / "queries" / "occupancy_by_specialty.sql").read_text()
    assert query.startswith("-- ")
    done = snr_here(replayed, "sql", query, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, f"{sql.NOTHING_BUILT}\n")
    lists = "-- two\nSELECT ['a', 'b'] AS some, NULL::INT[] AS none"
    done = snr_here(replayed, "sql", "--format", "csv", lists)
    assert done.stdout.splitlines()[1] == '"[""a"", ""b""]",'


def test_sql_refuses_what_writes_with_cause_and_fix(replayed) -> None:
    has_cause_and_fix(snr_here(replayed, "sql", "DROP VIEW live_board"), "read-only")
    has_cause_and_fix(snr_here(replayed, "sql", "SELECT * FROM nowhere"), "nowhere")
    assert snr_here(replayed, "sql", "SELECT 1", "--format", "xml").returncode == 2


def test_verify_follows_the_chain_of_the_log_and_says_where_it_breaks(replayed: Path) -> None:
    held = snr_here(replayed, "verify")
    assert held.returncode == 0, held.stderr
    assert "the chain holds" in held.stdout
    table = replayed / "lake" / "bronze" / "bed_events"
    [file] = table.rglob("event_date=*/*.parquet")
    size, rows = file.stat().st_size, pq.read_table(file, partitioning=None)
    actors = pa.array(["somebody else"] * rows.num_rows)
    pq.write_table(rows.set_column(rows.schema.get_field_index("actor"), "actor", actors), file)
    for commit in (table / "_delta_log").glob("*.json"):
        told = commit.read_text()
        commit.write_text(told.replace(f'"size":{size}', f'"size":{file.stat().st_size}'))

    has_cause_and_fix(snr_here(replayed, "verify"), "breaks at seq 1")


def test_a_writer_that_goes_on_meanwhile_breaks_no_chain(
    replayed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(replayed, str(replayed / "lake"))
    check = verify.chain.check

    def while_it_is_written(*given: Any) -> Any:
        checked = check(*given)
        come_to = Transaction(WRITER, checked.row_count + 1)
        write_deltalake(
            places.table(BED_EVENTS),
            DeltaTable(places.table(BED_EVENTS)).to_pyarrow_table().slice(0, 1),
            mode="append",
            commit_properties=CommitProperties(app_transactions=[come_to]),
        )
        return checked

    monkeypatch.setattr(verify.chain, "check", while_it_is_written)
    verify.check_chain(places)


@pytest.mark.parametrize("seq", [None, -7, 0, 10**12])
def test_a_row_that_somebody_put_into_the_log_is_found(replayed: Path, seq: int | None) -> None:
    places = Places(replayed, str(replayed / "lake"))
    verify.check_chain(places)
    write(places, BED_EVENTS, [{"seq": seq, "event_id": "e", "event_type": "note_added"}])

    with pytest.raises(LakeError, match=f"seq {seq}: .*(no such place|missing before)"):
        verify.check_chain(places)


def writable(places: Places) -> DeltaTable:
    """The log of somebody who does not care that it is for appending only."""
    table = open_or_create(places, BED_EVENTS)
    table.alter.set_table_properties({"delta.appendOnly": "false"})
    return DeltaTable(places.table(BED_EVENTS))


def test_a_log_whose_end_was_cut_off_is_found(replayed: Path) -> None:
    places = Places(replayed, str(replayed / "lake"))
    writable(places).delete("seq > 3")

    with pytest.raises(LakeError, match=r"ends at seq 3; its writer had come to \d+"):
        verify.check_chain(places)


def test_rows_whose_words_were_taken_out_are_told(replayed: Path, capsys) -> None:
    places = Places(replayed, str(replayed / "lake"))
    emptied = dict.fromkeys(PRIVATE_COLUMNS[SCHEMA_VERSION], "NULL")
    writable(places).update(updates=emptied, predicate="patient_ref IS NOT NULL")

    verify.check_chain(places)

    assert "without their private content" in capsys.readouterr().err


@pytest.mark.parametrize("query", ["SHOW TABLES", "show all tables ;"])
def test_sql_shows_every_table_and_view_by_its_whole_name(replayed, query) -> None:
    lines = snr_here(replayed, "sql", query, "--format", "csv").stdout.splitlines()[1:]

    shown = {line.split(",")[0].strip('"') for line in lines}
    views = {f"gold.{name}" for name in VIEWS}
    live = {"live_board", "live_bookings", "live_breaches"}
    assert shown == live | views | {table.name for table in TABLES}


def test_an_answer_has_all_columns_and_rows_where_it_is_not_read_on_a_terminal(replayed) -> None:
    wide = snr_here(replayed, "sql", "SELECT * FROM bronze.bed_events LIMIT 1").stdout
    assert "chain_hash" in wide
    long = snr_here(replayed, "sql", "SELECT range AS nth FROM range(120)").stdout
    assert all(f" {nth} " in long for nth in range(120))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("SELECT * FROM gold.unit_k", ["gold.unit_kpis"]),
        ("SELECT * FROM live", ["live_board", "live_bookings", "live_breaches"]),
        ("SELECT kpis.occupancy_p", ["occupancy_percent"]),
        ("descr", ["DESCRIBE"]),
    ],
)
def test_the_prompt_completes_views_columns_and_keywords(places, typed, offered) -> None:
    completer = sql.completer(LakeReader(places))
    found = completer.get_completions(Document(typed), CompleteEvent())
    assert [completion.text for completion in found] == offered


def test_the_prompt_goes_on_after_a_mistake_and_remembers(places, monkeypatch, capfd) -> None:
    """A table that comes into being once it is open is there at the next question."""
    reader, complete = LakeReader(places), sql.completer
    reader.lock()

    def comes_into_being(reader: LakeReader) -> Completer:
        words = complete(reader)
        write(places, BED_BOARD, [{"bed_id": "A-1-A"}])
        return words

    monkeypatch.setattr(sql, "completer", comes_into_being)
    typed = ("SELEC 1", "SELECT bed_id FROM gold.bed_board")
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("".join(f"{line}\r" for line in typed) + "\x04")
        sql._prompt(reader, places, "csv")
    told = capfd.readouterr()
    assert told.out.split() == ['"bed_id"', '"A-1-A"']
    assert "SELEC" in told.err
    history = FileHistory(str(places.home / "sql_history"))
    assert [*history.load_history_strings()] == [*reversed(typed)]
    assert Pace(places, 30).is_asked  # who sits there waits for the tables


def test_sql_init_writes_what_makes_the_same_views_in_any_duckdb(replayed, monkeypatch) -> None:
    """The extension that a DuckDB of one's own installs comes from the wheel here."""
    done = snr_here(replayed, "sql", "--init")

    lake = replayed / "lake"
    assert (done.returncode, done.stdout) == (0, f"{lake / 'init.sql'}\n")
    assert f"cd {lake}" in done.stderr
    assert "duckdb -init init.sql" in done.stderr
    monkeypatch.chdir(lake)
    script = (lake / "init.sql").read_text()
    own = duckdb.connect()
    own.execute(
        script.replace("INSTALL delta;", "").replace("LOAD delta", f"LOAD '{delta_extension()}'")
    )
    question = "SELECT * FROM live_board ORDER BY bed_id"
    here = LakeReader(Places(replayed, str(lake))).ask(question).to_pylist()
    assert own.execute(question).to_arrow_table().to_pylist() == here
    assert len(here) > 1
    assert own.execute("SELECT count(*) FROM gold.unit_kpis").fetchall() == [(0,)]


def test_sql_init_needs_a_lake(tmp_path) -> None:
    has_cause_and_fix(snr_here(tmp_path / "home", "sql", "--init"), "There is no folder")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--auth", "off", "--no-simulator"], "where nobody signs in, others stay out"),
        (["--auth", "on"], "a demo is for this machine"),
    ],
)
def test_up_lets_no_others_in_without_sign_in_or_to_a_demo(
    tmp_path, monkeypatch, options, why
) -> None:
    settings = {
        "SNR_PUBLIC_URL": "https://beds.example", "SNR_PROXY": "127.0.0.1",
        "SNR_AUTH": "off", "SNR_SIMULATOR": "true",
    }  # fmt: skip
    for name, value in settings.items():  # `up` sets some: they are put back
        monkeypatch.setenv(name, value)
    has_cause_and_fix(snr_here(tmp_path / "home", "up", *options), why)


def test_build_explains_wrong_dates(tmp_path) -> None:
    done = snr_here(tmp_path, "build", "--from", "yesterday")
    assert (done.returncode, "not a date" in done.stderr) == (2, True)
    done = snr_here(tmp_path, "build", "--from", "2026-02-02", "--to", "2026-02-01")
    assert (done.returncode, "lies before" in done.stderr) == (2, True)


def test_doctor_names_a_missing_java_with_its_fix(places, monkeypatch) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    [java] = [f for f in examine(places, StackSettings()) if f.what == "Java"]
    assert not java.is_good
    assert "openjdk" in java.fix


def test_generated_docs_are_current() -> None:
    assert docs.stale() == []


def test_a_summary_that_does_not_add_up_would_be_said() -> None:
    from simulator.feeds.replay_file import Summary

    assert "do not add up" in text_of(Summary(rows=1))

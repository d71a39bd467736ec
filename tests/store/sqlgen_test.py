#!/usr/bin/env python3
"""What tools/sqlgen makes of statements, and the faults it names. Usage: sqlgen_test.py path/to/sqlgen"""
import pathlib
import subprocess
import sys
import tempfile

passed = failed = 0


def check(truth, what):
    global passed, failed
    passed, failed = passed + bool(truth), failed + (not truth)
    if not truth:
        print(f"FAILED {what}", file=sys.stderr)


def generate(files, engine="sqlite"):
    """(status, header, source, fault) of files given as name: text."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).write_text(text)
        command = [sys.argv[1], "--engine", engine, "--header", root / "o.h", "--source", root / "o.c",
                   *(root / name for name in files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        read = [(root / name).read_text() if (root / name).exists() else "" for name in ("o.h", "o.c")]
        return done.returncode, *read, done.stderr.replace(folder + "/", "")


def statement(text, engine="sqlite"):
    return generate({"a.sql": "-- name: one\n" + text + "\n"}, engine)


def faulty(text, fault):
    status, _, _, said = statement(text)
    check(status == 1 and said.strip() == fault, f"{text!r}: {said.strip()!r} instead of {fault!r}")


def texts():
    _, header, source, _ = statement("-- Why.\nSELECT :a, ':a', \":b\", x::int, :b -- :c\n  , :a, '--';")
    check("SQL_ONE, /* Why. :a :b */" in header, "parameters in the header")
    check('"SELECT $1, \':a\', \\":b\\", x::int, $2 , $1, \'--\'"' in source, "numbering: " + source)
    check('{ "a", "b", NULL }, 2' in source, "names of parameters")
    two = "SELECT 1 --@sqlite\nSELECT :x, 2 --@postgres"
    check('"SELECT 1"' in statement(two)[2], "a line of sqlite")
    check('"SELECT $1, 2"' in statement(two, "postgres")[2], "a line of postgres")
    check('"one", NULL' in statement("SELECT 1 --@postgres")[2], "a statement of another engine")


def variants():
    text = "-- fragment: who\na, {more}\n-- fragment: more\nb\n-- name: all\n" \
           "--@variants order: up = a ASC | down = a DESC\n--@variants order: any = :r\nSELECT {who} ORDER BY {order}\n"
    _, header, source, _ = generate({"a.sql": text})
    names = [line.strip().split(",")[0] for line in header.splitlines() if line.startswith("    SQL_")]
    check(names == ["SQL_ALL_UP", "SQL_ALL_DOWN", "SQL_ALL_ANY", "SQL_COUNT"], f"variants in order: {names}")
    check('"SELECT a, b ORDER BY a DESC"' in source, "the text of a variant")


def migrations():
    files = {"a.sql": "-- name: one\nSELECT 1\n", "0001_x.up.sql": "-- why\nCREATE TABLE x (a TEXT); -- x\n",
             "0001_x.down.sql": "DROP TABLE x;\n"}
    status, _, source, _ = generate(files)
    check(status == 0 and "migrations_count = 1" in source, "migrations")
    files["0001_x.up.sql"] = "CREATE TABLE x (a TEXT);\n"
    check(generate(files)[2] == source, "comments do not change the checksum")
    files["0001_x.up.sql"] = "CREATE TABLE x (b TEXT);\n"
    check(generate(files)[2] != source, "a change changes the checksum")
    del files["0001_x.down.sql"]
    check(generate(files)[3] == "0001_x.up.sql:1: its down half is missing\n", "half a migration")
    files["0003_y.up.sql"] = files["0003_y.down.sql"] = files["0001_x.down.sql"] = "SELECT 1;\n"
    check("0002 is missing" in generate(files)[3], "a gap")


def faults():
    faulty("SELECT $1", "a.sql:2: parameters are written :name")
    faulty("SELECT ?", "a.sql:2: parameters are written :name")
    faulty("SELECT :1", "a.sql:2: a name of small letters must follow the colon")
    faulty("SELECT 'a", "a.sql:2: the quote ' is not closed on its line")
    faulty("SELECT 1;\nSELECT 2", "a.sql:2: one statement per name: a semicolon stands inside")
    faulty("SELECT 1\nFROM {x}", "a.sql:3: nothing is called {x}")
    faulty("SELECT 1 --@mysql", "a.sql:2: --@mysql is neither --@sqlite nor --@postgres")
    faulty("", "a.sql:1: the statement 'one' has no text")
    faulty("--@variants o: a b\nSELECT {o}", "a.sql:2: 'a b' is not of the form word = text")
    faulty("--@variants o: a = b\nSELECT 1", "a.sql:1: 'one' does not use {o}")
    said = generate({"a.sql": "-- name: one\nSELECT 1\n-- name: one\nSELECT 2\n"})[3]
    check(said == "a.sql:3: the name 'one' is taken by a.sql:1\n" or "is taken by" in said, said)
    check(generate({"a.sql": "SELECT 1\n"})[3] == "a.sql:1: SQL before the first '-- name:' line\n", "SQL before a name")


for test in (texts, variants, migrations, faults):
    test()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)

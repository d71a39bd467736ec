#!/usr/bin/env -S python3 -B
"""The command line: every command, its help, its JSON, its errors and their exit codes."""
import hashlib
import pty

from harness import *

COMMANDS = ("serve", "render", "strategy", "probe", "migrate", "user", "token", "export", "openapi", "settings", "doctor", "version")
DRAFT = ("--size", "draft", "--seconds", 1, "--fps", 24)


def picture():
    file = new_folder() / "picture.png"
    file.write_bytes(png(160, 90))
    return file


@test
def help_names_every_command():
    text = run("--help").stdout
    for name in COMMANDS:
        has(text, f"\n  {name} ")
    for words in (("help",), ("-h",), ()):
        equal(run(*words).stdout, text, f"`umam {' '.join(words)}`")


@test
def every_command_explains_itself():
    for name in COMMANDS:
        text = run(name, "--help").stdout
        holds(text.startswith(f"umam {name} - "), f"the help of {name} begins with {text[:40]!r}")
        has(text, f"usage: umam {name}")
        has(text, "--json")
        equal(run(name, "-h").stdout, text)
        equal(run("help", name).stdout, text)
        for line in text.splitlines():
            holds(len(line) < 400, f"a line of {len(line)} characters")
    for name in ("serve", "token", "user", "migrate", "settings"):
        text = run(name, "--help").stdout
        has(text, "--data")
        has(text, "--config")
        equal("--trusted-proxies" in text, name == "serve", f"all settings in the help of {name}")
        equal("all settings: umam settings" in text, name != "serve", f"where they are, in the help of {name}")


@test
def unknown_commands_and_options():
    done = run("dance", code=2)
    has(done.stderr, "there is no command 'dance'")
    equal(json.loads(run("dance", "--json", code=2).stderr)["code"], "invalid", "the code of an unknown command")
    for name in COMMANDS:
        done = run(name, "--no-such-option", "x", code=2)
        has(done.stderr, "there is no option '--no-such-option'")
        has(done.stderr, f"umam {name} --help")
        equal(done.stdout, "", "standard output")
        fault = json.loads(run(name, "--no-such-option", "--json", code=2).stderr)
        equal(fault["code"], "invalid", f"the code of {name}")
        has(run(name, "a", "b", "c", "d", code=2).stderr, "one word too many")


@test
def values_that_are_missing_or_wrong():
    has(run("strategy", code=2).stderr, "prompt")
    has(run("strategy", "x", "--mood", code=2).stderr, "needs a value")
    for value in ("101", "-1", "x", "1.5", ""):
        equal(run("strategy", "x", "--mood", value, code=2).stderr, f"umam: --mood is a whole number from 0 to 100, not '{value}'\n")
    has(run("strategy", "x", "--mood", "\x1b[2J" + "x" * 500, code=2).stderr, "not ' [2J" + "x" * 60 + "'")
    has(run("strategy", "x", "--platform", "vimeo", code=2).stderr, "--platform is one of tiktok, ")
    has(run("strategy", "", code=2).stderr, "prompt")
    has(run("render", "x", "--fps", "29", code=2).stderr, "fps")
    has(run("render", "x", "--seconds", "0", code=2).stderr, "--seconds is a whole number from 1 to 60, not '0'")
    has(run("render", "x", "--contact-sheet=maybe", code=2).stderr, "--contact-sheet is true or false, not 'maybe'")
    has(run("serve", "--port", "70000", code=2).stderr, "UMAM_PORT (the command line) is a whole number from 0 to 65535, not '70000'")
    has(run("serve", env={"UMAM_PORT": "many"}, code=2).stderr, "UMAM_PORT (the environment) is a whole number")
    short = run("serve", env={"UMAM_ADMIN_PASSWORD": "short"}, code=2).stderr
    has(short, "UMAM_ADMIN_PASSWORD")
    holds("'short'" not in short, "a secret is repeated")
    has(run("token", "--hours", "0", code=2).stderr, "--hours is a whole number from 1 to 87600, not '0'")
    has(run("jobs", "priority", "abcd", "101", code=2).stderr, "priority is a whole number from -100 to 100, not '101'")
    for command, words in (("jobs", "list, show, "), ("migrate", "status, up, down"), ("user", "list, add, "), ("key", "list, create, ")):
        has(run(command, "frob", code=2).stderr, f"umam {command} has no 'frob'; it has: {words}")


@test
def strategy_in_words_and_as_json():
    made = json.loads(run("strategy", "a lighthouse", "--mood", 12, "--platform", "tiktok", "-n", 2, "--json").stdout)
    equal([made["mood_slider"], made["mood_category"], len(made["variations"])], [32, "intimate_story", 2])
    reply = server().post("/api/video/strategy", {"prompt": "a lighthouse", "mood": 12, "platform": "tiktok", "num_variations": 2}).json
    equal(made, reply, "what the command says and what the API says")
    text = run("strategy", "a lighthouse", "--mood=12", "--platform=tiktok").stdout
    for word in ("intimate_story", "static_focus", "handheld_subtle", "dolly_zoom", "9:16", "a lighthouse, personal atmosphere"):
        has(text, word)
    json.loads(run("strategy", "--json", "--", "--a prompt with dashes").stdout)


@test
def render_and_probe():
    folder = new_folder()
    report = json.loads(run("render", "a lighthouse in a storm", "--mood", 12, *DRAFT, "--seed", 5, "-o", folder / "a.mp4", "--json").stdout)
    equal([report["facts"]["width"], report["facts"]["height"], report["facts"]["frames"]], [960, 540, 24])
    equal(report["strategy"]["mood_category"], "surreal_trip")
    facts = json.loads(run("probe", folder / "a.mp4", "--json").stdout)
    equal([facts["width"], facts["height"], facts["video_codec"]], [960, 540, "h264"])
    text = run("probe", folder / "a.mp4").stdout
    for word in ("960 x 540", "h264", "24 frames/s"):
        has(text, word)
    text = run("render", "a lighthouse in a storm", "--mood", 12, *DRAFT, "--seed", 5, "-o", folder / "b.mp4").stdout
    has(text, "surreal_trip")
    equal((folder / "a.mp4").read_bytes(), (folder / "b.mp4").read_bytes(), "the same words and seed")
    equal(sorted(path.name for path in folder.iterdir()), ["a.mp4", "b.mp4"], "the folder")
    equal(oct((folder / "a.mp4").stat().st_mode & 0o777), "0o644", "the mode")


@test
def probe_shows_everything_and_writes_what_was_made():
    folder = new_folder()
    run("render", "a lighthouse in a storm", *DRAFT, "--seed", 5, "-o", folder / "a.mp4")
    text = run("probe", folder / "a.mp4", "--checksum", "--poster", folder / "a.jpg", "--sprite", folder / "s.jpg").stdout
    for word in ("video      mp4 (video/mp4)", "picture    960 x 540, h264 yuv420p, 24 frames/s, 24 frames",
                 "SHA-256    " + hashlib.sha256((folder / "a.mp4").read_bytes()).hexdigest()):
        has(text, word)
    (folder / "a.wav").write_bytes(wav(1))
    said = run("probe", folder / "a.wav", "--poster", folder / "no.jpg", "--peaks", folder / "a.dat").stderr
    has(said, "there is no poster in it")
    holds((folder / "a.dat").stat().st_size > 24 and not list(folder.glob("no.jpg*")), f"left are {sorted(folder.iterdir())}")
    for name in ("a.jpg", "s.jpg"):
        equal(json.loads(run("probe", folder / name, "--json").stdout)["mime_type"], "image/jpeg", name)
    (folder / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nHello\x1b[31m there\n")
    text = run("probe", folder / "a.srt", "--text", folder / "a.vtt").stdout
    for word in ("text       srt (application/x-subrip)", "1 caption, 1.5 s with text"):
        has(text, word)
    holds("\x1b" not in text, "the terminal is told what a file says")
    holds((folder / "a.vtt").read_text().startswith("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello"), "the captions")


@test
def render_through_a_picture():
    out = new_folder() / "out.mp4"
    run("render", "into it", "--image", picture(), *DRAFT, "--ratio", "1:1", "-o", out)
    facts = json.loads(run("probe", out, "--json").stdout)
    equal([facts["width"], facts["height"]], [540, 540])


@test
def a_contact_sheet():
    out = new_folder() / "sheet.png"
    report = json.loads(run("render", "a valley", "--mood", 60, "--size", "draft", "--contact-sheet", "-o", out, "--json").stdout)
    equal(report["output"], str(out))
    facts = json.loads(run("probe", out, "--json").stdout)
    equal(facts["mime_type"], "image/png")


@test
def render_shows_a_bar_on_a_terminal():
    folder = new_folder()
    master, slave = pty.openpty()
    process = subprocess.Popen([UMAM, "render", "a bar", *map(str, DRAFT), "-o", folder / "x.mp4"], cwd=folder, env=clean_environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while more := os.read(master, 4096):
            shown += more
    except OSError:
        pass  # the terminal is closed
    os.close(master)
    equal(process.wait(PATIENCE), 0, "the exit status")
    has(shown, b"\r[")
    has(shown, b" %  ")
    has(shown, b"s left")


@test
def render_says_what_it_cannot_do():
    folder = new_folder()
    run("render", "x", *DRAFT, "-o", "/no/such/folder/x.mp4", code=8)
    run("render", "x", *DRAFT, "--image", folder / "none.png", "-o", folder / "x.mp4", code=5)
    (folder / "text.png").write_text("no picture")
    done = run("render", "x", *DRAFT, "--image", folder / "text.png", "-o", folder / "x.mp4", code=3)
    holds(len(done.stderr.split()) > 4, f"it says {done.stderr!r}")
    equal(sorted(path.name for path in folder.iterdir()), ["text.png"], "the folder")


def interrupt(group, signal_):
    folder = new_folder()
    process = subprocess.Popen([UMAM, "render", "x", "--size", "4k", "--seconds", "60", "-o", folder / "x.mp4"], cwd=folder,
                               env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, start_new_session=True)
    try:
        eventually(lambda: [path for path in folder.iterdir() if path.stat().st_size > 0], "the first bytes of the clip")
        began = time.monotonic()
        (os.killpg if group else os.kill)(process.pid, signal_)
        _, said = process.communicate(timeout=PATIENCE)
        holds(time.monotonic() - began < 10, "it took long to stop")
    finally:
        process.kill()
    equal(process.returncode, 10, f"the exit status of an interrupted render, which said {said!r},")
    has(said, "cancelled")
    equal(list(folder.iterdir()), [], "the folder of an interrupted render")


@test
def ctrl_c_leaves_no_file():
    interrupt(True, signal.SIGINT)  # as a terminal does it: to the worker too


@test
def a_signal_to_render_leaves_no_file():
    interrupt(False, signal.SIGTERM)
    interrupt(False, signal.SIGINT)


@test
def an_old_file_stays_until_the_new_one_is_whole():
    folder = new_folder()
    (folder / "x.mp4").write_text("the old one")
    run("render", "x", *DRAFT, "--image", folder / "none.png", "-o", folder / "x.mp4", code=5)
    equal((folder / "x.mp4").read_text(), "the old one")
    run("render", "x", *DRAFT, "-o", folder / "x.mp4")
    holds((folder / "x.mp4").stat().st_size > 5000, "the new file is small")


@test
def probe_says_what_a_file_is_not():
    folder = new_folder()
    equal(json.loads(run("probe", picture(), "--json").stdout)["mime_type"], "image/png")
    has(run("probe", folder / "none", code=5).stderr, "does not exist")
    (folder / "page").write_text("<!doctype html><script>alert(1)</script>")
    run("probe", folder / "page", code=3)
    (folder / "empty").write_text("")
    run("probe", folder / "empty", code=3)
    fault = json.loads(run("probe", folder / "page", "--json", code=3).stderr)
    equal(fault["code"], "unsupported_media_type")
    has(fault["detail"], "HTML")
    holds(run("probe", folder, code=None).returncode != 0, "a folder is a media file")
    has(run("probe", code=None).stderr, "say which file: umam probe FILE [")
    has(run("import", code=None).stderr, "say which paths: umam import PATH... [")


@test
def migrate_up_down_and_status():
    data = new_folder() / "data"
    has(run("migrate", "up", "--data", data).stdout, "core")
    rows = [json.loads(line) for line in run("migrate", "--data", data, "--json").stdout.splitlines()]
    equal([row["number"] for row in rows], list(range(1, len(rows) + 1)), "the numbers")
    equal([row["pending"] for row in rows], [False] * len(rows), "pending")
    has(run("migrate", "down", "--data", data, code=2).stderr, "--to")
    has(run("migrate", "down", "--to", 0, "--data", data).stdout, "pending")
    rows = [json.loads(line) for line in run("migrate", "status", "--data", data, "--json").stdout.splitlines()]
    equal([row["pending"] for row in rows], [True] * len(rows), "pending after going down")
    run("migrate", "up", "--data", data)
    holds(len(list(data.glob("*"))) > 1, "no copy was kept")
    s = Server(data=data)
    s.make("on a migrated database")
    run("migrate", "down", "--to", 0, "--data", data, code=6)
    s.stop()


@test
def users():
    data = new_folder() / "data"
    run("migrate", "up", "--data", data)
    run("user", "add", "mira", "--roles", "creator,viewer", "--email", "mira@example.org", "--data", data, stdin="a long password\n")
    has(run("user", "add", "mira", "--data", data, stdin="a long password\n", code=2).stderr, "already registered")
    has(run("user", "add", "short", "--data", data, stdin="1234567\n", code=2).stderr, "8 to 256 characters")
    has(run("user", "add", "silent", "--data", data, stdin="", code=2).stderr, "nothing came")
    has(run("user", "add", "--data", data, stdin="a long password\n", code=2).stderr, "say whom")
    has(run("user", "disable", "nobody", "--data", data, code=5).stderr, "User not found")
    has(run("user", "list", "--data", data).stdout, "creator,viewer")
    listed = run("user", "list", "--json", "--data", data).stdout
    holds("password" not in listed, "the list shows the hash of a password")
    users_ = [json.loads(line) for line in listed.splitlines()]
    equal([(user["username"], user["roles"], user["email"]) for user in users_], [("mira", ["creator", "viewer"], "mira@example.org")])
    run("user", "password", "mira", "--data", data, stdin="another password\n")
    has(run("user", "roles", "mira", "--data", data).stdout, "'mira' has the roles creator,viewer")
    has(run("user", "roles", "mira", "--roles", " , ", "--data", data, code=2).stderr, "umam user roles mira --roles viewer,creator")
    equal(json.loads(run("user", "roles", "mira", "--json", "--data", data).stdout)["roles"], ["creator", "viewer"])
    has(run("user", "disable", "mira", "--data", data).stdout, "'mira' is switched off")
    equal(json.loads(run("user", "enable", "mira", "--json", "--data", data).stdout)["is_active"], True)
    has(run("user", "list", "mira", "--data", data, code=2).stderr, "takes no name")
    has(run("user", "--data", new_folder() / "none", code=5).stderr, "there is no instance")
    has(run("user", "roles", "mira", "--roles", "admin", "--data", data).stdout, "has the roles admin")
    s = Server(data=data)
    holds("admin_password" not in s.ready, "a second administrator was made")
    session = s.post("/auth/login", {"username": "mira", "password": "another password"}, token=None).json
    equal(session["user"]["roles"], ["admin"])
    s.post("/auth/login", {"username": "mira", "password": "a long password"}, token=None, status=401)
    s.stop()


@test
def tokens():
    s = server()
    token = run("token", "--data", s.data).stdout.strip()
    s.get("/universes", token=token)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    equal([claims["sub"], claims["roles"], claims["exp"] - claims["iat"]], ["admin", ["admin"], 86400])
    def roles_of(*words):
        token = run("token", *words, "--data", s.data).stdout.strip()
        return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["roles"]
    s.register("nina")
    equal(roles_of("nina"), ["viewer", "creator"], "the roles of the account")
    equal(roles_of("nina", "--roles", "viewer"), ["viewer"])
    has(run("token", "ghost", "--data", s.data).stderr, "there is no account 'ghost'; the token has the roles admin by itself")
    equal(run("token", "nina", "--data", s.data).stderr, "", "standard error")
    has(run("token", "nina", "--roles", "king", "--data", s.data, code=2).stderr, "there is no role 'king'")
    s.call("PATCH", "/users/nina", {"is_active": False}, status=200)
    has(run("token", "nina", "--data", s.data, code=6).stderr, "'nina' is switched off")
    token = json.loads(run("token", "mira", "--roles", "creator, viewer", "--hours", 1, "--json", "--data", s.data).stdout)["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    equal([claims["sub"], claims["roles"], claims["exp"] - claims["iat"]], ["mira", ["creator", "viewer"], 3600])
    signed = run("token", env={"JWT_SECRET": "sixteen or more characters"}).stdout.strip()
    head, payload, mac = signed.split(".")
    wanted = base64url(hmac.new(b"sixteen or more characters", f"{head}.{payload}".encode(), "sha256").digest())
    equal(mac, wanted, "the signature")


@test
def settings_from_file_environment_and_command_line():
    folder = new_folder()
    (folder / "my.env").write_text('# mine\nexport UMAM_PORT=1111\nLOG_LEVEL="warn"\nUMAM_SLOTS=3\n\nUNKNOWN=1\n')
    def shown(*words, **options):
        return json.loads(run("settings", "--json", *words, **options).stdout)
    plain = shown()
    equal([plain["port"], plain["host"], plain["log_level"]], [8000, "127.0.0.1", "info"])
    filed = shown("--config", folder / "my.env")
    equal([filed["port"], filed["log_level"], filed["slots"]], [1111, "warn", 3])
    equal(shown(env={"UMAM_CONFIG": str(folder / "my.env"), "UMAM_PORT": "2222"})["port"], 2222)
    equal(shown("--config", folder / "my.env", "--port", 3333, env={"UMAM_PORT": "2222"})["port"], 3333)
    (folder / ".env").write_text("UMAM_PORT=4444\n")
    equal(shown(cwd=folder)["port"], 4444)
    secret = run("settings", env={"JWT_SECRET": "do not show this one"})
    holds("do not show" not in secret.stdout, "the secret is shown")
    has(secret.stdout, "(set)")
    has(run("settings", env={"JWT_SECRET": "short"}, code=2).stderr, "JWT_SECRET")
    run("settings", "--config", folder / "none.env", code=5)
    (folder / "bad.env").write_text("# a note\n\nJWT_SECRET not to be shown\n")
    complaint = run("settings", "--config", folder / "bad.env", code=2).stderr
    has(complaint, "line 3")
    holds("not to be shown" not in complaint, "the line is repeated")
    example = folder / "example.env"
    example.write_text(run("settings", "--example").stdout.replace("\n#", "\n").replace("\n ", "\n# "))
    equal(shown("--config", example), plain, "the settings of the example file")


@test
def secrets_come_as_credentials_too():
    folder = new_folder()
    (folder / "JWT_SECRET").write_text("a key from a credential\n")
    (folder / "UMAM_PORT").write_text("1234")
    given = {"CREDENTIALS_DIRECTORY": str(folder)}
    def signed_with(secret, **env):
        head, payload, mac = run("token", "--data", folder, env={**given, **env}).stdout.strip().split(".")
        equal(mac, base64url(hmac.new(secret, f"{head}.{payload}".encode(), "sha256").digest()), "the signature")
    signed_with(b"a key from a credential")
    signed_with(b"a key from the environment", JWT_SECRET="a key from the environment")
    (folder / "my.env").write_text("JWT_SECRET=a key from the file\n")
    signed_with(b"a key from a credential", UMAM_CONFIG=str(folder / "my.env"))
    equal(json.loads(run("settings", "--json", env=given).stdout)["port"], 8000, "a setting that is no secret")
    (folder / "JWT_SECRET").write_text("short")
    has(run("settings", env=given, code=2).stderr, "JWT_SECRET (a credential)")


@test
def openapi_and_version():
    equal(json.loads(run("openapi").stdout)["openapi"], "3.1.0")
    version = json.loads(run("version", "--json").stdout)["version"]
    equal(run("--version").stdout, f"umam {version}\n")
    equal(server().get("/health", token=None).json["version"], version, "the version of the server")


@test
def serve_greets_with_a_line_that_works():
    data = new_folder() / "data"
    process = subprocess.Popen([UMAM, "serve", "--port", "0", "--data", data], cwd=new_folder(), env=clean_environment(), text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        said = ""
        while "Ctrl-C stops the server" not in said:
            line = process.stdout.readline()
            holds(line, f"the server ended after {said!r}")
            said += line
        has(said, "user admin   password ")
        paste = re.search(r"^curl .*generate.*$", said, re.M)[0]
        url = re.search(r"(http://127.0.0.1:\d+)/api/video/generate", paste)[1]
        command = re.search(r"\$\((.*? token.*?)\)", paste)[1]
        token = subprocess.run(command, shell=True, env=clean_environment(), stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        body = json.loads(re.search(r"-d '(.*)'", paste)[1])
        connection = http.client.HTTPConnection(url[len("http://"):], timeout=PATIENCE)
        connection.request("POST", "/api/video/generate", json.dumps({**body, "provider": "mock", "duration": 1}),
                           {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        equal(connection.getresponse().status, 200, "the status of the request that was printed")
        connection.close()
        process.send_signal(signal.SIGINT)
        equal(process.wait(PATIENCE), 0, "the exit status after Ctrl-C")
    finally:
        process.kill()
        process.stdout.close()


main()

#!/usr/bin/env -S python3 -B
"""Every route x {no token, viewer, other user, owner, editor, admin}, from the route table itself.

`umam routes --json` says which routes there are and what each needs; ROUTES below says how a valid request of each
looks. A route without a row fails, and so does a row without a route. A new route is one line:

    "PUT /notes/{note_id}": row(note, {"title": "new"}),

where `note(token)` makes a note of that person and returns what stands in the path's braces, as a tuple. From that
follows what each caller must get: 401 without a token, 403 that names a missing permission, 403 or 404 for what
belongs to somebody else, success otherwise. A refusal must leave every row and file as it was, and no reply to a
stranger may hold the owner's name or an id of what is his.
"""
from harness import *

SECRET, PASSWORD = "a secret of exactly the matrix", "a long password"
CALLERS = ("nobody", "viewer", "other", "owner", "editor", "admin")
ROLES = {"viewer": ["viewer"], "other": ["creator"], "owner": ["creator"], "editor": ["editor"], "admin": ["admin"]}
MAY = {"nobody": (), "viewer": ("read",), "admin": ("read", "create", "admin")}  # the others: read and create
STRANGERS = ("viewer", "other")
MOVING = ("progress", "stage", "lease_until", "updated_at", "last_used_at")  # columns that change by themselves


class Row:
    """How to call one route well. `make` makes a thing of the owner; `lists`: the reply shows that thing to whoever may
    see it; `private`: only owner and admin may reach it; `ok`: what success is; `accounts`: the callers are logged in
    to accounts that are used for nothing else; `fixed`: what stands in the path's braces and is nobody's; `body` may be a function, of the caller's name."""

    def __init__(self, make=None, body=None, ok=(200, 201, 204), lists=None, private=False, accounts=False, fixed=()):
        self.fixed = fixed
        self.make, self.body, self.ok, self.lists, self.private, self.accounts = make, body, ok, lists, private, accounts


row = Row


# ---- things of the owner ----

count = iter(range(1, 1 << 30))


def shared():
    return server(JWT_SECRET=SECRET, UMAM_ALLOW_DEV_TOKEN="true")


def universe(token):
    return (shared().post("/universes", {"name": "owned"}, token=token, status=201).json["id"],)


def element(token):
    world, = universe(token)
    return world, shared().post(f"/universes/{world}/elements", {"name": "owned"}, token=token, status=201).json["id"]


def component(token):
    world, thing = element(token)
    return world, thing, shared().post(f"/universes/{world}/elements/{thing}/components", {}, token=token, status=201).json["id"]


def fetched(token):
    """An order that fails at once: nobody listens there."""
    order = shared().post("/api/media/import", {"url": "http://127.0.0.1:1/owned"}, token=token, status=202).json["id"]
    eventually(lambda: shared().get(f"/api/media/imports/{order}", token=token).json["status"] == "failed", "the end of an import")
    return (order,)


def clip(token):
    return (shared().make("a clip", token=token)["id"],)


def quiet():
    """Ends the jobs of earlier cells: they would take the slots and change rows."""
    shared().call("POST", "/api/jobs/resume")
    for earlier in shared().rows("SELECT id FROM video_jobs WHERE status IN ('pending', 'processing')"):
        shared().call("POST", f"/api/video/jobs/{earlier['id']}/cancel")
    eventually(lambda: not shared().rows("SELECT id FROM jobs WHERE state IN ('queued', 'running')"), "the end of all jobs")


def running(token):
    quiet()
    job = shared().generate("a long shot", provider="local", duration=60, token=token)["job_id"]
    eventually(lambda: shared().job(job, token)["status"] == "processing", "the start of a job")
    return (job,)


def waiting(token):
    """A job that stays in the queue: it is held."""
    quiet()
    shared().call("POST", "/api/jobs/resume")
    shared().call("POST", "/api/jobs/pause")
    job = shared().generate("a clip", token=token)["job_id"]
    return (job,)


def held(token):
    job, = waiting(token)
    shared().post(f"/api/jobs/{job}/pause", token=token)
    return (job,)


def cancelled(token):
    job, = running(token)
    shared().post(f"/api/video/jobs/{job}/cancel", token=token)
    shared().done(job, token, "cancelled")
    return (job,)


def picture(token):
    body, headers = form(("file", "p.png", "image/png", png(8, 8)))
    url = shared().post("/media/upload", body=body, headers=headers, token=token).json["url"]
    shared().looked_at()
    return (url[len("/media/"):],)


TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "9000", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}


def arrival(token):
    """A resumable upload that has begun."""
    where = shared().call("POST", "/api/media/tus", headers=TUS, token=token, status=201).headers["location"]
    return (where.rsplit("/", 1)[1],)


def picture_asset(token):
    name, = picture(token)
    return (name.split("/")[1].split(".")[0],)


def some_assets(caller):
    """The caller's own; the refused get none, so that nothing changes."""
    may = caller not in ("nobody", "viewer")
    return {"asset_ids": picture_asset(token_of(caller)) if may else ["none"]}


def film_asset(token):
    job, = clip(token)
    return shared().rows("SELECT id FROM media_assets WHERE source_job_id = ?", job)[0]["id"], "master.m3u8"


def sound(token):
    made = shared().put("/api/media/assets/raw/tone.wav", body=wav(1), token=token, status=201).json["id"]
    shared().looked_at()
    return (made,)


def collection(token):
    return (shared().post("/api/media/collections", {"name": "owned"}, token=token, status=201).json["id"],)


def member(token):
    asset_id, (reel,) = picture_asset(token)[0], collection(token)
    shared().post(f"/api/media/collections/{reel}/assets", {"ids": [asset_id]}, token=token)
    return reel, asset_id


def search(token):
    made = shared().post("/api/media/searches", {"name": "owned", "query": {"q": "x"}}, token=token, status=201)
    return (made.json["id"],)


def new_account(caller="nobody", roles=None):
    return {"username": f"made-by-{caller}-{next(count)}", "password": PASSWORD, "roles": roles}


def account(_token):
    return (shared().post("/users", new_account(), status=201).json["username"],)


def key(token):
    made = shared().post("/auth/keys", {"name": "owned", "scopes": ["read"]}, token=token, status=201).json
    return (made["details"]["id"],)


def known(_caller="nobody"):
    """A login to the account that all share."""
    return {"username": "matrix-known", "password": PASSWORD}


def refresh(_caller):
    return {"refresh_token": shared().post("/auth/login", known(), token=None).json["refresh_token"]}


ROUTES = {
    "GET /": row(),
    "GET /docs": row(),
    "GET /openapi.json": row(),
    "GET /health": row(),
    "GET /health/live": row(),
    "GET /health/ready": row(),
    "POST /auth/register": row(body=new_account),
    "POST /auth/login": row(body=known),
    "POST /auth/refresh": row(body=refresh),
    "POST /auth/dev-token": row(),
    "GET /auth/me": row(accounts=True),
    "POST /auth/password": row(body={"current_password": PASSWORD, "new_password": PASSWORD}, accounts=True),
    "POST /auth/logout": row(accounts=True),
    "POST /auth/logout-all": row(accounts=True),
    "POST /auth/keys": row(body={"name": "new", "scopes": ["read"]}, accounts=True),
    "GET /auth/keys": row(lists=key, private=True, accounts=True),
    "DELETE /auth/keys/{key_id}": row(key, private=True, accounts=True),
    "GET /auth/production-check": row(),
    "POST /auth/seed-test-users": row(),
    "GET /auth/test-users": row(),
    "DELETE /auth/purge-test-users": row(),
    "GET /api/audit": row(),
    "GET /users": row(),
    "POST /users": row(body=new_account),
    "PATCH /users/{username}": row(account, {"display_name": "changed"}),
    "DELETE /users/{username}": row(account),
    "GET /universes": row(lists=universe),
    "POST /universes": row(body={"name": "new"}),
    "GET /universes/{universe_id}": row(universe),
    "PUT /universes/{universe_id}": row(universe, {"name": "changed"}),
    "DELETE /universes/{universe_id}": row(universe),
    "GET /universes/{universe_id}/elements": row(universe),
    "POST /universes/{universe_id}/elements": row(universe, {"name": "new"}),
    "GET /universes/{universe_id}/elements/{element_id}": row(element),
    "PUT /universes/{universe_id}/elements/{element_id}": row(element, {"name": "changed"}),
    "DELETE /universes/{universe_id}/elements/{element_id}": row(element),
    "GET /universes/{universe_id}/elements/{element_id}/components": row(element),
    "POST /universes/{universe_id}/elements/{element_id}/components": row(element, {"data": {}}),
    "GET /universes/{universe_id}/elements/{element_id}/components/{component_id}": row(component),
    "PUT /universes/{universe_id}/elements/{element_id}/components/{component_id}": row(component, {"data": {"new": 1}}),
    "DELETE /universes/{universe_id}/elements/{element_id}/components/{component_id}": row(component),
    "POST /media/upload": row(body=form(("file", "p.png", "image/png", png(8, 8)))),
    "GET /media/{path*}": row(picture),
    "DELETE /api/media/assets/{asset_id}": row(picture_asset),
    "POST /api/media/assets/{asset_id}/undo": row(picture_asset),
    "POST /api/media/trash": row(body=some_assets),
    "POST /api/media/trash/undo": row(body=some_assets),
    "POST /api/media/trash/purge": row(body={"days": 1}),
    "POST /api/media/assets/{asset_id}/sign": row(picture_asset, {"what": "file"}),
    "GET /api/media/assets/{asset_id}/hls/{file}": row(film_asset),
    "GET /api/media/assets/{asset_id}/picture": row(picture_asset),
    "GET /api/media/assets/{asset_id}/sprite.vtt": row(picture_asset, ok=(404,)),
    "GET /api/media/assets/{asset_id}/peaks.json": row(sound),
    "GET /api/media/assets": row(lists=picture_asset),
    "GET /api/media/assets/{asset_id}": row(picture_asset),
    "PATCH /api/media/assets/{asset_id}": row(picture_asset, {"title": "new"}),
    "GET /api/media/assets/{asset_id}/similar": row(picture_asset, ok=(200, 409)),
    "GET /api/media/duplicates": row(),
    "POST /api/media/collections": row(body={"name": "new"}),
    "GET /api/media/collections": row(lists=collection),
    "GET /api/media/collections/{collection_id}": row(collection),
    "PATCH /api/media/collections/{collection_id}": row(collection, {"name": "new"}),
    "DELETE /api/media/collections/{collection_id}": row(collection),
    "GET /api/media/collections/{collection_id}/assets": row(member),
    "PUT /api/media/collections/{collection_id}/assets": row(collection, {"ids": []}),
    "POST /api/media/collections/{collection_id}/assets": row(collection, {"ids": []}),
    "DELETE /api/media/collections/{collection_id}/assets/{asset_id}": row(member),
    "POST /api/media/searches": row(body={"name": "new", "query": {}}),
    "GET /api/media/searches": row(lists=search),
    "GET /api/media/searches/{search_id}": row(search),
    "PATCH /api/media/searches/{search_id}": row(search, {"name": "new"}),
    "DELETE /api/media/searches/{search_id}": row(search),
    "GET /api/media/searches/{search_id}/assets": row(search),
    "POST /api/media/assets/bulk": row(body={"ids": ["x"], "change": {"rating": 1}}),
    "POST /api/media/assets": row(body=form(("file", "p.png", "image/png", png(8, 8)))),
    "POST /api/media/import": row(body={"url": "http://127.0.0.1:1/x"}, ok=(202,)),
    "GET /api/media/imports/{import_id}": row(fetched),
    "PUT /api/media/assets/raw/{filename}": row(body=(png(8, 8), {}), fixed=("p.png",)),
    "GET /api/media/content/{sha256}": row(ok=(200, 404), fixed=("0" * 64,)),
    "OPTIONS /api/media/tus": row(),
    "POST /api/media/tus": row(body=(b"", TUS)),
    "GET /api/media/tus/{upload_id}": row(arrival, (None, TUS)),
    "PATCH /api/media/tus/{upload_id}": row(arrival, (b"x", TUS)),
    "DELETE /api/media/tus/{upload_id}": row(arrival, (None, TUS)),
    "POST /api/video/strategy": row(body={"prompt": "a lighthouse"}),
    "POST /api/video/generate": row(body={"prompt": "a lighthouse", "provider": "mock", "duration": 1, "size": "draft"}),
    "GET /api/video/jobs": row(lists=clip),
    "GET /api/video/jobs/{job_id}": row(clip),
    "DELETE /api/video/jobs/{job_id}": row(clip),
    "GET /api/video/jobs/{job_id}/download": row(clip),
    "GET /api/video/jobs/{job_id}/info": row(clip),
    "GET /api/video/jobs/{job_id}/events": row(clip),
    "POST /api/video/jobs/{job_id}/cancel": row(running),
    "POST /api/video/jobs/{job_id}/retry": row(cancelled),
    "POST /api/video/jobs/{job_id}/transcode": row(clip, {"platforms": []}),
    "GET /api/video/jobs/{job_id}/variants": row(clip),
    "GET /api/video/transcode/profiles": row(),
    "GET /api/quota": row(),
    "GET /api/quota/{subject}": row(lambda token: ("matrix-owner",)),
    "PUT /api/quota/{subject}": row(lambda token: ("matrix-owner",), {"jobs": 0}),
    "POST /api/backup/database": row(),
    "GET /api/storage": row(),
    "PUT /api/storage/universes/{universe_id}": row(universe, {"storage_mb": 0}),
    "POST /api/storage/check": row(ok=(202, 409)),
    "GET /api/storage/check": row(),
    "GET /api/jobs": row(lists=clip),
    "GET /api/jobs/stats": row(),
    "POST /api/jobs/pause": row(ok=(200, 409)),
    "POST /api/jobs/resume": row(ok=(200, 409)),
    "GET /api/jobs/{job_id}": row(clip),
    "PATCH /api/jobs/{job_id}": row(waiting, {"priority": -1}),
    "POST /api/jobs/{job_id}/cancel": row(running),
    "POST /api/jobs/{job_id}/retry": row(cancelled),
    "POST /api/jobs/{job_id}/pause": row(waiting),
    "POST /api/jobs/{job_id}/resume": row(held),
}


# ---- what there is, and what must come ----

def routes():
    return [json.loads(line) for line in run("routes", "--json").stdout.splitlines()]


def name_of(route):
    """The row of a route: /api/universes are the same handlers as /universes."""
    path = route["path"]
    return f"{route['method']} {path[4:] if path.startswith('/api/universes') else path}"


def token_of(caller, accounts=None):
    if caller == "nobody":
        return None
    if accounts:
        return accounts[caller]["access_token"]
    return mint(SECRET, {"sub": f"matrix-{caller}", "roles": ROLES[caller], "iat": int(time.time())})


accounts_made = {}


def accounts_of_their_own():
    """An account for each caller, logged in again when its session has ended."""
    s = shared()
    for caller in CALLERS[1:]:
        if caller not in accounts_made:
            body = new_account(caller, ROLES[caller])
            s.post("/users", body, status=201)
            accounts_made[caller] = {"access_token": "none yet", "user": {"username": body["username"]}}
        if s.call("GET", "/auth/me", token=accounts_made[caller]["access_token"]).status != 200:
            body = {"username": accounts_made[caller]["user"]["username"], "password": PASSWORD}
            accounts_made[caller] = s.post("/auth/login", body, token=None).json
    return accounts_made


def expected(route, row_, caller):
    """The statuses that are right, and the permission a 403 must name."""
    needs = route["needs"]
    if needs == "nothing":
        return row_.ok, None
    if caller == "nobody":
        return (401,), None
    if needs != "known" and needs not in MAY.get(caller, ("read", "create")):
        return (403,), needs
    if row_.make and caller in STRANGERS + (("editor",) if row_.private else ()):
        return (403, 404), None
    return row_.ok, None


def state():
    """Every row and every file."""
    s, found = shared(), {}
    files = s.stored()  # once nothing is looked at any more
    for table in s.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('audit_log')"):
        rows = s.rows(f"SELECT * FROM {table['name']}")
        found[table["name"]] = sorted(repr({k: v for k, v in each.items() if k not in MOVING}) for each in rows)
    return found, files


def call(route, row_, caller, values, token, method=None):
    """The request itself: nothing is checked yet but the reply's form."""
    path, headers = route["path"], {}
    for value in values:
        path = re.sub(r"\{.*?\}", value, path, count=1)
    body = row_.body(caller) if callable(row_.body) else row_.body
    if isinstance(body, tuple):
        body, headers = body
        return shared().call(method or route["method"], path, body=body, headers=headers, token=token)
    return shared().call(method or route["method"], path, body, token=token)


def check_cell(route, row_, caller, values, hidden, token):
    what = f"{route['method']} {route['path']} as {caller}"
    wanted, permission = expected(route, row_, caller)
    refused = wanted != row_.ok
    before = state() if refused else None
    reply = call(route, row_, caller, values, token)
    holds(reply.status in wanted, f"{what} answered {reply.status}, expected {wanted}: {reply.body[:300]!r}")
    if permission:
        has(reply.detail, f"'{permission}'")
    if wanted == (401,):
        equal(reply.headers["www-authenticate"], "Bearer")
    if refused:
        if route["method"] == "GET":
            equal(call(route, row_, caller, values, token, "HEAD").status, reply.status, f"the status of HEAD, {what}")
        equal(state(), before, f"what is stored after {what}")
    text = reply.body.decode("utf-8", "replace")
    if caller in STRANGERS + ("nobody",):
        for secret in hidden:
            holds(secret not in text, f"{what} shows {secret}")
    elif row_.lists and not refused:
        for secret in hidden[1:] if not row_.private or caller in ("owner", "admin") else ():
            has(text, secret)


def check_route(route):
    row_ = ROUTES[name_of(route)]
    quiet()
    accounts = accounts_of_their_own() if row_.accounts else None
    owner = accounts["owner"]["user"]["username"] if accounts else "matrix-owner"
    fresh = lambda maker: maker(token_of("owner", accounts)) if maker else row_.fixed
    values, listed = fresh(row_.make), fresh(row_.lists)
    hidden = [owner, *(listed if row_.lists else ())]
    for at, caller in enumerate(CALLERS):
        changed = at > CALLERS.index("owner") and route["method"] != "GET"
        if changed and expected(route, row_, caller)[0] == row_.ok:
            values = fresh(row_.make)
        check_cell(route, row_, caller, values, hidden, token_of(caller, accounts))


# ---- tests ----

@test
def every_route_has_a_row_and_every_row_a_route():
    names = [name_of(route) for route in routes()]
    equal(sorted(set(names) - set(ROUTES)), [], "routes without a row in tests/api/matrix.py")
    equal(sorted(set(ROUTES) - set(names)), [], "rows of tests/api/matrix.py without a route")


@test
def the_table_of_routes_is_the_description():
    described = {(method.upper(), path) for path, operations in shared().description.document["paths"].items()
                 for method in operations}
    listed = {(route["method"], route["path"].replace("*", "")) for route in routes()}
    equal(sorted(described - listed), [], "described routes that are not listed")
    for route in routes():
        operation = shared().description.document["paths"].get(route["path"].replace("*", ""), {}).get(route["method"].lower())
        if operation:
            equal(operation["x-needs"], route["needs"], f"what {route['method']} {route['path']} needs")


@test
def every_caller_gets_what_he_may():
    shared().register("matrix-known")
    cells = 0
    for route in routes():
        if name_of(route) in ROUTES:
            check_route(route)
            cells += len(CALLERS)
    print(f"{cells // len(CALLERS)} routes x {len(CALLERS)} callers: {cells} cells")


@test
def an_api_key_writes_nothing_about_accounts():
    s = shared()
    s.post("/users", {"username": "matrix-keeper", "password": PASSWORD, "roles": ["admin"]}, status=201)
    token = s.post("/auth/login", {"username": "matrix-keeper", "password": PASSWORD}, token=None).json["access_token"]
    scopes = ["read", "create", "others", "admin"]
    made = s.post("/auth/keys", {"name": "x", "scopes": scopes}, token=token, status=201).json["key"]
    closed = [route for route in routes() if not route["key"]]
    about = re.compile(r"/users|/auth/|/api/backup/")
    equal({name_of(route) for route in closed},
          {name_of(route) for route in routes() if about.match(route["path"]) and route["method"] != "GET" and route["needs"] != "nothing"},
          "the routes that take no key")
    for route in closed:
        row_, what = ROUTES[name_of(route)], f"{route['method']} {route['path']} with an administrator's key"
        values = row_.make(token) if row_.make else ()
        before = state()
        reply = call(route, row_, "keeper", values, made)
        holds(reply.status == 403, f"{what} answered {reply.status}: {reply.body[:300]!r}")
        has(reply.detail, "an API key cannot do this")
        equal(state(), before, f"what is stored after {what}")
        equal(s.description.document["paths"][route["path"]][route["method"].lower()]["security"], [{"bearer": []}])
    for route in (route for route in routes() if route["key"] and route["needs"] == "admin"):
        row_ = ROUTES[name_of(route)]
        reply = call(route, row_, "keeper", row_.make(token) if row_.make else (), made)
        holds(reply.status in row_.ok, f"{name_of(route)} with an administrator's key answered {reply.status}")
    print(f"{len(closed)} routes refuse an administrator's key")


main()

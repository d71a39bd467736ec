"""Clients that use the server while it is shot at, and remember what it promised.

Whatever was answered with 2xx is an oath and is held against the server later. What was not answered (the server died in
between) may have happened or not, and both must leave everything consistent.
"""
import http.client
import random
import threading

from harness import *

LOST = (ConnectionError, http.client.HTTPException, TimeoutError, OSError)
REFUSALS = (200, 201, 204, 404, 409, 422, 429, 503)  # 500 is never an answer
OWNERS = ("mira", "noor", "odin")


class Job:
    """What is known about one acknowledged job. One client at a time acts on it."""

    def __init__(self, job_id, owner):
        self.id, self.owner = job_id, owner
        self.may_be = {"completed", "failed"}  # where it may end; "gone": deleted
        self.held = False  # paused; None when nobody knows
        self.story = []

    def tell(self, what, outcomes):
        self.story.append(what)
        self.may_be = outcomes


class Element:
    def __init__(self, path, name):
        self.path, self.name = path, name
        self.components = set()


class Upload:
    def __init__(self, reply, data):
        self.asset_id, self.url, self.thumbnail_url = reply["asset_id"], reply["url"], reply["thumbnail_url"]
        self.data = data


class Oaths:
    """Everything acknowledged so far, and what was not answered."""

    def __init__(self):
        self.lock = threading.Lock()
        self.jobs, self.uploads, self.universes, self.deleted_universes = {}, {}, {}, set()
        self.elements, self.deleted_elements = {}, set()
        self.unanswered = collections.Counter()
        self.answered = collections.Counter()
        self.faults = []  # what a client saw that must not be

    def count(self):
        return sum(self.answered.values())


class Client(threading.Thread):
    """Does one random thing after the other until told to stop. Its choices follow from the seed."""

    def __init__(self, server_, oaths, tokens, seed, number, may_create, stop):
        super().__init__(daemon=True)
        self.s, self.oaths, self.may_create, self.stop = server_, oaths, may_create, stop
        self.owner = OWNERS[number % len(OWNERS)]
        self.token = tokens[self.owner]
        self.dice = random.Random(f"{seed}-client-{number}")
        self.mine = []  # jobs of this client that are not deleted
        self.elements = []
        self.number = number

    def run(self):
        acts = (self.create, self.upload, self.cancel, self.retry, self.delete, self.look, self.watch,
                self.create_universe, self.delete_universe, self.list, self.pause, self.resume, self.create_element,
                self.create_component, self.delete_element)
        weights = (30, 12, 6, 8, 5, 10, 8, 5, 3, 5, 4, 6, 6, 6, 3)
        while not self.stop.is_set():
            act = self.dice.choices(acts, weights)[0]
            try:
                act()
            except Failure as fault:
                self.oaths.faults.append(f"{act.__name__}: {fault}")
            except LOST:
                self.stop.wait(0.05)  # it comes back
            self.stop.wait(self.dice.uniform(0, 0.15))

    def ask(self, what, method, path, data=None, **options):
        """One request; its end is counted. LOST errors pass through."""
        try:
            reply = self.s.call(method, path, data, token=self.token, status=REFUSALS, **options)
        except LOST:
            self.oaths.unanswered[what] += 1
            raise
        self.oaths.answered[f"{what} {'done' if reply.status < 300 else reply.status}"] += 1
        return reply

    # -- jobs --

    def create(self):
        if not self.may_create():
            return
        request = {"prompt": f"take {self.dice.random()}", "duration": 1, "size": "draft", "fps": 24,
                   "seed": self.dice.randrange(1 << 31), "provider": self.dice.choice(("local", "local", "mock"))}
        uploads, universes = list(self.oaths.uploads.values()), self.my_universes()
        if uploads and self.dice.random() < 0.3:
            request["generation_type"] = "image_to_video"
            request["reference_image_url"] = self.dice.choice(uploads).url
        if universes and self.dice.random() < 0.4:
            request["universe_id"] = self.dice.choice(universes)
        reply = self.ask("create", "POST", "/api/video/generate", request)
        if reply.status == 200:
            job = Job(reply.json["job_id"], self.owner)
            job.story.append(f"created {request['provider']} {request.get('generation_type', '')}")
            self.oaths.jobs[job.id] = job
            self.mine.append(job)

    def pick(self):
        return self.dice.choice(self.mine[-12:]) if self.mine else None

    def act(self, job, what, method, path, if_lost):
        """Something that changes a job; unanswered it may have happened."""
        try:
            return self.ask(what, method, path)
        except LOST:
            job.tell(f"{what}, unanswered", job.may_be | if_lost)
            job.held = job.held and None
            raise

    def cancel(self):
        job = self.pick()
        if not job:
            return
        reply = self.act(job, "cancel", "POST", f"/api/video/jobs/{job.id}/cancel", {"cancelled"})
        if reply.status == 200:
            ended = reply.json["status"] == "cancelled"
            job.tell(f"cancelled, was {reply.json['status']}", {"cancelled"} if ended else {"cancelled", "completed"})
            job.held = False

    def retry(self):
        job = self.pick()
        if not job:
            return
        reply = self.act(job, "retry", "POST", f"/api/video/jobs/{job.id}/retry", {"completed", "failed"})
        if reply.status == 200:
            job.tell("retried", {"completed", "failed"})
            job.held = False

    def pause(self):
        job = self.pick()
        if job:
            self.hold(job, "pause", True)

    def resume(self):
        held = [job for job in self.mine if job.held is not False]
        if held:
            self.hold(self.dice.choice(held), "resume", False)

    def hold(self, job, what, held):
        try:
            reply = self.ask(what, "POST", f"/api/jobs/{job.id}/{what}")
        except LOST:
            job.held = None
            job.story.append(f"{what}, unanswered")
            raise
        if reply.status == 200:
            job.held = held
            job.story.append(f"{what}d")

    def delete(self):
        job = self.pick()
        if not job or self.dice.random() < 0.5:
            return
        reply = self.act(job, "delete", "DELETE", f"/api/video/jobs/{job.id}", {"gone"})
        if reply.status == 204 or reply.status == 404 and "gone" in job.may_be:
            job.tell("deleted", {"gone"})
            self.mine.remove(job)
        elif reply.status == 409:
            job.tell("not deleted", job.may_be - {"gone"})

    def look(self):
        job = self.pick()
        if not job:
            return
        reply = self.ask("look", "GET", f"/api/video/jobs/{job.id}")
        if reply.status == 404 and "gone" in job.may_be:
            job.tell("seen to be gone", {"gone"})
            self.mine.remove(job)
            return
        holds(reply.status == 200, f"job {job.id} answers {reply.status}; {job.story}")
        status = reply.json["status"]
        job.may_be -= {"gone"}
        if status in ("completed", "cancelled"):
            holds(status in job.may_be, f"job {job.id} is {status}, may be {job.may_be}; {job.story}")
            holds(status == "cancelled" or not job.held, f"job {job.id} is {status} though it was paused; {job.story}")
            job.held = False
            job.tell(f"seen {status}", {status})

    def watch(self):
        job = self.pick()
        if job and "gone" not in job.may_be:
            end = time.monotonic() + self.dice.uniform(0.1, 1.5)
            self.s.watch(job.id, self.token, until=lambda *_: time.monotonic() > end or self.stop.is_set())

    def list(self):
        reply = self.ask("list", "GET", "/api/video/jobs", query={"limit": 20})
        holds(reply.status == 200 and reply.json["total"] >= len(reply.json["jobs"]), "the list of jobs is odd")

    # -- pictures and universes --

    def upload(self):
        side = self.dice.choice((24, 64, 300))
        noise = self.dice.randbytes(side * side * 3)
        rows = b"".join(b"\0" + noise[y * side * 3:(y + 1) * side * 3] for y in range(side))
        data = png(side, side, idat=zlib.compress(rows, 1))
        body, headers = form(("file", "noise.png", "image/png", data))
        reply = self.ask("upload", "POST", "/media/upload", body=body, headers=headers)
        if reply.status == 200:
            self.oaths.uploads[reply.json["asset_id"]] = Upload(reply.json, data)

    def my_universes(self):
        return [key for key, owner in self.oaths.universes.copy().items() if owner == self.owner]

    def create_universe(self):
        reply = self.ask("create universe", "POST", "/api/universes", {"name": f"world {self.dice.random()}"})
        if reply.status == 201:
            self.oaths.universes[reply.json["id"]] = self.owner

    def delete_universe(self):
        universes = self.my_universes()
        if not universes or self.dice.random() < 0.5:
            return
        universe = self.dice.choice(universes)
        with self.oaths.lock:
            owner = self.oaths.universes.pop(universe, None)  # until answered it is neither there nor gone
        if not owner:
            return
        reply = self.ask("delete universe", "DELETE", f"/api/universes/{universe}")
        if reply.status == 204:
            self.oaths.deleted_universes.add(universe)
        else:
            self.oaths.universes[universe] = owner

    # -- elements --

    def create_element(self):
        universes = self.my_universes()
        if universes:
            name, path = f"somebody {self.dice.random()}", f"/api/universes/{self.dice.choice(universes)}/elements"
            reply = self.ask("create element", "POST", path, {"name": name})
            if reply.status == 201:
                element = Element(f"{path}/{reply.json['id']}", name)
                self.oaths.elements[reply.json["id"]] = element
                self.elements.append(element)

    def create_component(self):
        if self.elements:
            element = self.dice.choice(self.elements)
            reply = self.ask("create component", "POST", f"{element.path}/components", {})
            if reply.status == 201:
                element.components.add(reply.json["id"])

    def delete_element(self):
        if self.elements and self.dice.random() < 0.5:
            element = self.elements.pop(self.dice.randrange(len(self.elements)))
            element_id = element.path.rsplit("/", 1)[1]
            del self.oaths.elements[element_id]  # until answered it is neither there nor gone
            if self.ask("delete element", "DELETE", element.path).status == 204:
                self.oaths.deleted_elements.add(element.path)


class Governor(threading.Thread):
    """Pauses the whole queue now and then; a pause that was acknowledged outlives the server."""

    def __init__(self, server_, oaths, seed, stop):
        super().__init__(daemon=True)
        self.s, self.oaths, self.stop, self.dice = server_, oaths, stop, random.Random(f"{seed}-governor")

    def until_done(self, act):
        while True:
            try:
                return act()
            except LOST:
                time.sleep(0.05)

    def turn(self):
        again = {"status": (200, 409)}  # one that was not answered may have happened
        self.until_done(lambda: self.s.post("/api/jobs/pause", **again))
        self.oaths.answered["pause the queue done"] += 1
        self.stop.wait(self.dice.uniform(0, 1))
        paused = self.until_done(lambda: self.s.get("/api/jobs/stats")).json["paused"]
        if not paused:
            self.oaths.faults.append("the queue goes on although it was paused")
        self.until_done(lambda: self.s.post("/api/jobs/resume", **again))

    def run(self):
        while not self.stop.wait(self.dice.uniform(1, 8)):
            try:
                self.turn()
            except Failure as fault:
                self.oaths.faults.append(f"governor: {fault}")

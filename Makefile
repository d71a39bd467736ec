# The front door. Everything else is meson.build; `make help` lists what there is.
.PHONY: help run build test storm hostile-media fuzz fuzz-merge faults interop check bench install clean setup
.DEFAULT_GOAL := help
BENCH ?=
FUZZ ?=
T ?= 60
STORM_BUILD ?= build
ARGS ?=

help:
	@echo "make run      sets this machine up, builds, and starts the server on http://127.0.0.1:8000"
	@echo "make build    build/umam, build/umam-media and build/umam-net"
	@echo "make test     all tests, with address and undefined-behaviour sanitizers"
	@echo "make storm    the crash storm: 200 kills while 200 jobs run; SEED=n repeats one, STORM_BUILD=build-test has sanitizers"
	@echo "make hostile-media   2 000 damaged files of every format through the worker; N=20000 more, SEED=n others"
	@echo "make fuzz     searches for inputs that break something, T=60 seconds per target; some: make fuzz FUZZ='json shape'"
	@echo "make check    floors of the house, sizes, format"
	@echo "make bench    measurements against peers and limits; one: make bench BENCH=render"
	@echo "make faults   every call into the system fails once in the core scenes, the power goes at every write (the tests try a sample)"
	@echo "make interop  clients of others against this server; needs node, npm and the network"
	@echo "make install  into /usr/local (or PREFIX)"

run: build
	@exec build/umam serve $(ARGS)

# a terminal sees how far it is, a log only what goes wrong
NINJA = if [ -t 1 ]; then quiet=""; else quiet="--quiet"; fi; ninja $$quiet

build: build/build.ninja
	@$(NINJA) -C build

test: build build-test/build.ninja
	@tools/check-floors
	@$(NINJA) -C build-test
	@tools/run-tests build-test $(ARGS)

storm: $(STORM_BUILD)/build.ninja
	@$(NINJA) -C $(STORM_BUILD)
	@KILLS=$${KILLS:-200} JOBS=$${JOBS:-200} tests/storm/storm.py $(STORM_BUILD)/umam $(STORM_BUILD)/umam-media

hostile-media: build-test/build.ninja
	@$(NINJA) -C build-test
	@build-test/tests/media/media_mutations build-test/umam-media $${N:-2000} $${SEED:-1}

fuzz: build-fuzz/build.ninja
	@tools/fuzz $(T) $(FUZZ)

fuzz-merge: build-fuzz/build.ninja
	@tools/fuzz merge $(FUZZ)

check: build
	@tools/check-floors
	@tools/check-sizes

bench: build
	@bench/run $(BENCH)

faults: build-test/build.ninja
	@$(NINJA) -C build-test
	@build-test/tests/faults/faults_scenes build-test/tests/faults/faults_stub_worker all $(ARGS)
	@build-test/tests/faults/faults_replay build-test/tests/faults/faults_stub_worker all

interop: build
	@tests/interop/run build/umam

install: build
	meson install -C build

clean:
	rm -rf build build-test build-fuzz

setup: build/.setup

build/.setup: tools/packages tools/setup
	@tools/setup
	@mkdir -p build && touch $@

build/build.ninja: | build/.setup
	@echo "Configuring the build."
	@meson setup build --buildtype=release -Db_lto=true >build/setup.log 2>&1 || { cat build/setup.log; rm -f $@; exit 1; }

build-test/build.ninja: | build/.setup
	@mkdir -p build-test
	@meson setup build-test --buildtype=debugoptimized -Db_sanitize=address,undefined -Dtests=true >build-test/setup.log 2>&1 || { cat build-test/setup.log; rm -f $@; exit 1; }

build-fuzz/build.ninja: | build/.setup
	@tools/setup tools/packages-fuzz
	@mkdir -p build-fuzz
	@CC=clang meson setup build-fuzz --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=false -Dbench=false -Dfuzz=true >build-fuzz/setup.log 2>&1 || { cat build-fuzz/setup.log; rm -f $@; exit 1; }

# One list of commands. `make` alone shows it.

PROFILE ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
CARGO   ?= cargo
export PYTHON ?= python3
# cargo names the folder of the profile `dev` otherwise
folder   = target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
version := $(shell sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
major   := $(firstword $(subst ., ,$(version)))

.DEFAULT_GOAL := help
.PHONY: help needs build native python java demo look test soak bench bench-peers install header deny

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  PROFILE=dev builds faster and runs slower (default release); make test always takes dev."

needs: ## install what building and testing need (Debian, as root), or name it
	@tests/packages.sh build

build: needs native python java ## the command, the shared library, the wheel in .venv and the jar
	@echo
	@echo "built ($(PROFILE)):"
	@ls -1 $(folder)/opsledger $(folder)/libopsledger.so $(folder)/libopsledger.a .venv/bin/opsledger bindings/java/target/opsledger-*.jar

native:
	@echo "building the Rust crates, the shared library and the command ($(PROFILE))"
	@$(CARGO) build --quiet --workspace --profile $(PROFILE)

python: native
	@echo "installing the Python module into .venv"
	@bindings/python/build.sh --profile $(PROFILE)

java: native
	@echo "building the jar"
	@mvn -q -B -f bindings/java/pom.xml -DskipTests -Dopsledger.native=$(CURDIR)/$(folder)/libopsledger.so package

demo: ## a whole contract year: ledger, verification, twelve monthly reports, the acceptance package, a page
	@echo "building the command ($(PROFILE)); the first time takes some minutes"
	@$(CARGO) build --quiet --profile $(PROFILE) -p opsledger-cli -p opsledger-example-year
	@PATH="$(CURDIR)/$(folder):$$PATH" examples/year/demo.sh

look: ## the demo's documents as pictures in out/look, by LibreOffice (heavy, by hand)
	@PATH="$(CURDIR)/$(folder):$$PATH" tests/documents/look.sh

test: ## every check, in every language; SUITES="rust c" runs some of them
	@tests/packages.sh test
	@tests/run.py $(SUITES)

soak: ## the long tests: more random contracts, more processes, more time
	@tests/packages.sh test
	@tests/run.py --soak $(SUITES)

bench: ## benchmarks of the library's own
	@$(CARGO) bench --workspace

bench-peers: build ## the same work done by known peers, side by side
	@benches/peers/run.sh

into = $(DESTDIR)$(PREFIX)
# Fills in a template of what consumers read.
define fill
	@sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@VERSION@|$(version)|g' -e 's|@MAJOR@|$(major)|g' $(1) > $(2)
endef

install: ## command, header, libraries, pkg-config and CMake files into DESTDIR/PREFIX
	@$(CARGO) build --quiet --profile $(PROFILE) -p opsledger-ffi -p opsledger-cli
	@install -d $(into)/bin $(into)/include $(into)/lib/pkgconfig $(into)/share/cmake/opsledger
	@install -m 755 $(folder)/opsledger $(into)/bin/
	@install -m 644 include/opsledger.h $(into)/include/
	@install -m 755 $(folder)/libopsledger.so $(into)/lib/libopsledger.so.$(version)
	@ln -sf libopsledger.so.$(version) $(into)/lib/libopsledger.so.$(major)
	@ln -sf libopsledger.so.$(major) $(into)/lib/libopsledger.so
	@install -m 644 $(folder)/libopsledger.a $(into)/lib/
	$(call fill,ffi/opsledger.pc.in,$(into)/lib/pkgconfig/opsledger.pc)
	$(call fill,ffi/cmake/opsledger-config.cmake.in,$(into)/share/cmake/opsledger/opsledger-config.cmake)
	$(call fill,ffi/cmake/opsledger-config-version.cmake.in,$(into)/share/cmake/opsledger/opsledger-config-version.cmake)
	@echo "installed opsledger $(version) into $(into)"

header: ## write include/opsledger.h anew from the Rust signatures
	@OPSLEDGER_UPDATE=1 $(CARGO) test --quiet -p opsledger-ffi --test header

deny: ## licences and advisories of every dependency (needs cargo-deny)
	@cargo deny --all-features check

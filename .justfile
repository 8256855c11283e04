# `just` lists these; each is a step of .ci/run, which CI runs as well.

default:
    @just --list

# Format, then everything CI checks
all:
    cargo fmt
    .ci/run

# Formatting and clippy
lint:
    .ci/run fmt lint

# All tests
test:
    .ci/run test

# Documentation of the code
doc:
    .ci/run doc

# `cutover check` over the examples
config:
    .ci/run config

# Each fuzz target for a while
fuzz seconds="12":
    FUZZ_SECONDS={{seconds}} .ci/run fuzz

# Licences, advisories, bans and unused dependencies
deps:
    .ci/run unused deny

# The tour
demo:
    cargo run --release -- demo

# Short names for what developers do often. `just --list` shows them.

# Everything the build server runs
check:
    .ci/run

# Format the code
fmt:
    cargo fmt --all

# Build, and serve the demo business on this machine
serve *ARGS:
    cargo run --release --locked -- serve --demo {{ARGS}}

# Measure this machine: which models fit, and how fast an answer comes
bench *ARGS:
    cargo run --release --locked -- doctor {{ARGS}}

# shellcheck shell=bash
# The Rust toolchain, where the build goes, and the build. Sourced by install.sh.

RUST_MISSING=0
RUST_NEEDED=$(awk -F'"' '/^rust-version/ { print $2; exit }' "$REPO/Cargo.toml")

look_at_rust() {
  find_rust
  RUST_MISSING=0
  if ! is_rust_new_enough; then RUST_MISSING=1; fi
  choose_target_dir
}

# Rust's own installer puts cargo where a new shell finds it, and this one may not.
find_rust() {
  local folder
  ask_rust
  for folder in "${CARGO_HOME:-$HOME/.cargo}/bin" "$HOME/.cargo/bin"; do
    if ! is_rust_new_enough && [[ -x $folder/cargo ]]; then
      PATH=$folder:$PATH
      ask_rust
    fi
    if ! has rustup && [[ -x $folder/rustup ]]; then PATH=$PATH:$folder; fi
  done
  # What an earlier run installed, while something else is the default.
  if ! is_rust_new_enough && has rustup && [[ $(rustup toolchain list 2>/dev/null) == *"$RUST_NEEDED-"* ]]; then
    export RUSTUP_TOOLCHAIN=$RUST_NEEDED
    ask_rust
  fi
}

ask_rust() {
  hash -r
  # A rustup without a toolchain has a rustc that only complains.
  RUST_FOUND=$({ rustc --version 2>/dev/null || true; } | awk '{ print $2 }')
  if ! cargo --version >/dev/null 2>&1; then RUST_FOUND=''; fi
}

is_rust_new_enough() { [[ -n $RUST_FOUND ]] && version_at_least "$RUST_FOUND" "$RUST_NEEDED"; }

print_rust_plan() {
  if ((!RUST_MISSING)); then
    say "Rust       $RUST_FOUND is there"
  elif has rustup; then
    say "Rust       ${RUST_FOUND:-none} is there; the rustup that is there will fetch $RUST_NEEDED"
  else
    say "Rust       ${RUST_FOUND:-none} is there, $RUST_NEEDED or newer is needed: fetched by the system's rustup if its" \
      "packages have one, otherwise by the Rust project's own rustup-init"
  fi
}

# What is there and new enough; the rustup that is there; the system's; the Rust project's.
install_rust() {
  if ((!RUST_MISSING)); then return; fi
  heading "Rust"
  leave_rust_to_its_owner
  if ! has rustup; then get_system_rustup; fi
  if has rustup; then
    get_toolchain
  else
    get_official_rust
  fi
  look_at_rust
  ((!RUST_MISSING)) || fail "Rust $RUST_NEEDED or newer is needed; after all this ${RUST_FOUND:-none} is there." \
    "Something on this machine hides it: look at PATH, RUSTUP_TOOLCHAIN and \"rustup show\"."
  say "Rust $RUST_FOUND is there."
}

# The machine's own instructions are compiled in, and cargo does not notice that a home folder moved
# to another processor. So a build belongs to one processor and one compiler.
choose_target_dir() {
  if [[ -n ${CARGO_TARGET_DIR:-} ]]; then
    TARGET_DIR=$(absolute_path "$CARGO_TARGET_DIR")
  else
    TARGET_DIR=$CACHE/target
    local stamp found
    stamp=$(build_stamp)
    found=$(cat -- "$TARGET_DIR/.built-for" 2>/dev/null || true)
    # A folder without a stamp was made by cargo itself, on this machine.
    if [[ -n $found && $found != "$stamp" ]]; then TARGET_DIR=$CACHE/target-$stamp; fi
    STAMP=$stamp
  fi
  export CARGO_TARGET_DIR=$TARGET_DIR
}

build_stamp() {
  { rustc -vV 2>/dev/null || true
    awk -F: '/^(vendor_id|CPU implementer)/ { print $2; exit }' /proc/cpuinfo
    # Only instruction sets: kernels add and rename other flags.
    awk -F: '/^(flags|Features)/ { print $2; exit }' /proc/cpuinfo | tr ' ' '\n' |
      grep -E '^(s?sse|avx|fma|f16c|bmi|amx|aes|sha|v?pclmul|vaes|gfni|popcnt|movbe|abm|adx|sve|asimd|fp|i8mm|bf16|dot)' |
      sort || true
  } | sha256sum | cut -c 1-8
}

keep_stamp() {
  mkdir -p -- "$TARGET_DIR" || fail "$TARGET_DIR cannot be written to." "Set FRONTDESK_CACHE to a folder that can."
  if [[ -n ${STAMP:-} ]]; then printf '%s\n' "$STAMP" >"$TARGET_DIR/.built-for"; fi
}

# In the project's folder, because its .cargo/config.toml must be seen; the caller's stays.
cargo_here() { (cd -- "$REPO" && cargo "$@"); }

build_release() {
  heading "Building (cargo's own progress follows)"
  keep_stamp
  local log
  log=$TARGET_DIR/install.log
  if [[ -t 2 ]]; then
    # The log is a pipe, in which cargo would show neither colours nor its bar.
    export CARGO_TERM_COLOR=always CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=${COLUMNS:-80}
  fi
  if cargo_here build --release --locked 2>&1 | tee -- "$log"; then return; fi
  fail "The build failed." "$(explain_build_failure "$log")" "The whole log: $log"
}

explain_build_failure() { # LOG
  local log=$1
  if grep -qi 'no space left on device' "$log"; then
    echo "The disk is full: make room, or set FRONTDESK_CACHE to a folder on a bigger one."
  elif grep -qiE 'could not resolve host|failed to download|network failure|spurious network|timed out' "$log"; then
    echo "A dependency could not be fetched: check the connection, then run the same command again."
  elif grep -qiE 'signal: 9|SIGKILL|out of memory|cannot allocate memory' "$log"; then
    echo "The machine ran out of memory: close other programs, or build one thing at a time: CARGO_BUILD_JOBS=1 ./install.sh"
  elif grep -qi 'libclang' "$log"; then
    echo "libclang was not found: install libclang-dev, or set LIBCLANG_PATH to its folder."
  elif grep -qiE 'illegal instruction|SIGILL' "$log"; then
    echo "Files built on another processor are in the way: remove $TARGET_DIR and run the same command again."
  else
    echo "What went wrong is in the lines above; the first \"error\" counts most."
  fi
}

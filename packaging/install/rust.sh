# shellcheck shell=bash
# The Rust toolchain, where the build goes, and the build. Sourced by install.sh.

RUST_MISSING=0
RUST_NEEDED=$(awk -F'"' '/^rust-version/ { print $2; exit }' "$REPO/Cargo.toml")

look_at_rust() {
  find_cargo
  RUST_MISSING=0
  if [[ -z $RUST_FOUND ]] || ! version_at_least "$RUST_FOUND" "$RUST_NEEDED"; then RUST_MISSING=1; fi
  choose_target_dir
}

# Rust's own installer puts cargo where a new shell finds it, and this one may not.
find_cargo() {
  local folder
  for folder in "${CARGO_HOME:-}/bin" "$HOME/.cargo/bin"; do
    if ! has cargo && [[ -x $folder/cargo ]]; then PATH=$folder:$PATH; fi
    if ! has rustup && [[ -x $folder/rustup ]]; then PATH=$PATH:$folder; fi
  done
  # A rustup without a toolchain has a rustc that only complains.
  RUST_FOUND=$({ rustc --version 2>/dev/null || true; } | awk '{ print $2 }')
  if ! cargo --version >/dev/null 2>&1; then RUST_FOUND=''; fi
}

print_rust_plan() {
  if ((!RUST_MISSING)); then
    say "Rust       $RUST_FOUND is there"
  elif has rustup; then
    say "Rust       ${RUST_FOUND:-none} is there; $RUST_NEEDED or newer will be installed by rustup"
  else
    say "Rust       ${RUST_FOUND:-none} is there, $RUST_NEEDED or newer is needed: rustup will be installed, if the" \
      "system's packages have it; otherwise this stops and says how to get it"
  fi
}

install_rust() {
  if ((!RUST_MISSING)); then return; fi
  heading "Rust"
  if ! has rustup && ((HAS_APT)); then ensure_package_lists; fi
  if ! has rustup && ((HAS_APT)) && is_package_known rustup && can_be_root; then
    apt_get install -y --no-install-recommends rustup || true
  fi
  if has rustup; then
    rustup toolchain install stable --profile minimal --component rustfmt --component clippy ||
      warn "rustup could not install the stable toolchain; its reason stands above."
    export RUSTUP_TOOLCHAIN=stable
  fi
  look_at_rust
  if ((RUST_MISSING)) && is_root && [[ -n ${SUDO_USER:-} ]]; then
    fail "Rust $RUST_NEEDED or newer is needed, and root has none." \
      "If $SUDO_USER has it, run this without sudo: it asks for sudo where that is needed."
  fi
  ((!RUST_MISSING)) || fail "Rust $RUST_NEEDED or newer is needed; ${RUST_FOUND:-none} is there." \
    "Install it with rustup, as the Rust project's web site (rust-lang.org) shows under \"Install\"," \
    "for the same user that runs this, then run the same command again."
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

# shellcheck shell=bash
# The program, built so that the same commit gives the same bytes. Sourced by release.sh.

build_program() {
  heading "Building for $CPU (cargo's own progress follows)"
  TARGET_DIR=$CACHE/target-release-$CPU
  mkdir -p -- "$TARGET_DIR"
  CARGO_HOME_DIR=${CARGO_HOME:-$HOME/.cargo}
  SYSROOT=$(rustc --print sysroot)
  (
    forget_flags
    make_compilers
    set_engine_flags
    set_rust_flags
    # Otherwise llama.cpp would take the commit of a repository that the registry's folder happens to lie in.
    export GIT_CEILING_DIRECTORIES=$CARGO_HOME_DIR/registry
    export CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$TARGET_DIR
    cargo_here build --release --locked --bin frontdesk
  ) || fail "The build failed." "The first \"error\" above counts most."
  BINARY=$TARGET_DIR/release/frontdesk
  look_for_folders
}

# Whoever builds may have flags of their own, which would be in the program.
forget_flags() {
  local name
  while read -r name; do unset "$name"; done < <(compgen -e | grep -E \
    '^(([A-Z]+_)?(CC|CXX|AR|LD)(_.*)?|[A-Z_]*FLAGS(_.*)?|(CMAKE|GGML|LLAMA|WHISPER)_.*|RUSTC_.*WRAPPER)$|^CARGO_(PROFILE_|BUILD_[RT]|TARGET_|ENCODED_)' || true)
}

# Folders of this machine, and what stands for them in the program. The last that fits counts.
print_folders() {
  printf '%s\n' "$REPO=/frontdesk" "$CARGO_HOME_DIR=/cargo" "$SYSROOT=/rust" "$TARGET_DIR=/target"
}

# Compilers that know the folders. As CFLAGS the same words would end up in OpenSSL's text about itself.
make_compilers() {
  local tools=$TARGET_DIR/compilers name real map flags=''
  while read -r map; do flags+=" '-ffile-prefix-map=$map'"; done < <(print_folders)
  mkdir -p -- "$tools"
  for name in cc c++ gcc g++; do
    real=$(command -v "$name") || fail "There is no compiler \"$name\"." "apt-get install build-essential"
    printf '#!/bin/sh\nexec %s%s "$@"\n' "$real" "$flags" >"$tools/$name"
    chmod 755 "$tools/$name"
  done
  PATH=$tools:$PATH
}

# llama.cpp's build follows Rust's flags; whisper.cpp's would take this machine's instructions, or, as it sees
# SOURCE_DATE_EPOCH, the oldest ones.
set_engine_flags() {
  local each newer=OFF
  if [[ $CPU == x86-64-v3 ]]; then newer=ON; fi
  export GGML_NATIVE=OFF GGML_SSE42=ON
  for each in AVX AVX2 FMA F16C BMI2; do export "GGML_$each=$newer"; done
}

set_rust_flags() {
  local flags=(-C "target-cpu=$CPU") map
  while read -r map; do flags+=("--remap-path-prefix=$map"); done < <(print_folders)
  # In this variable the separator is the byte 31, so that folders may have spaces.
  local IFS=$'\x1f'
  export CARGO_ENCODED_RUSTFLAGS="${flags[*]}"
}

# A folder's name in the program would differ on the next machine.
look_for_folders() {
  local folder count
  for folder in "$REPO" "$CARGO_HOME_DIR" "$SYSROOT" "$TARGET_DIR"; do
    count=$({ grep --text --only-matching --fixed-strings "$folder/" "$BINARY" || true; } | wc -l)
    if ((count)); then warn "The program names $folder $count times: another machine will make other bytes."; fi
  done
}

# shellcheck shell=bash
# Where a Rust toolchain comes from when there is none. Sourced by install.sh.

RUST_SERVER=https://static.rust-lang.org

# rustup itself knows these two variables.
toolchain_server() { printf '%s' "${RUSTUP_DIST_SERVER:-$RUST_SERVER}"; }
rustup_server() { printf '%s' "${RUSTUP_UPDATE_ROOT:-$(toolchain_server)/rustup}"; }

rust_triple() {
  case $(uname -m) in
    arm64) echo aarch64-unknown-linux-gnu ;;
    *) echo "$(uname -m)-unknown-linux-gnu" ;;
  esac
}

# The components that only the checks need.
components() { # OPTION
  if [[ $ACTION == test ]]; then printf '%s\n' "$1" rustfmt "$1" clippy; fi
}

# Under sudo the build would fetch a second toolchain for root, beside the one of who called it.
leave_rust_to_its_owner() {
  local home
  if ! is_root || [[ -z ${SUDO_USER:-} || $SUDO_USER == root ]]; then return; fi
  home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
  if [[ -z $home || ! -x $home/.cargo/bin/cargo ]]; then return; fi
  fail "Rust $RUST_NEEDED or newer is needed, and root has none." \
    "$SUDO_USER has it: run this without sudo. It asks for sudo where that is needed."
}

get_system_rustup() {
  if ((!HAS_APT)); then return; fi
  ensure_package_lists
  if ! is_package_known rustup; then
    say "$SYSTEM has no package \"rustup\"."
  elif ! can_be_root; then
    say "$SYSTEM has a package \"rustup\", which only the administrator can install."
  else
    # Never at the price of a package that somebody installed.
    apt_get install -y --no-install-recommends --no-remove rustup ||
      warn "the system's rustup could not be installed; its reason stands above."
  fi
  hash -r
}

get_toolchain() {
  local parts
  mapfile -t parts < <(components --component)
  say "rustup fetches Rust $RUST_NEEDED from $(toolchain_server)"
  rustup toolchain install "$RUST_NEEDED" --profile minimal --no-self-update "${parts[@]}" ||
    fail_without_rust "rustup could not install Rust $RUST_NEEDED; its reason stands above." "$(toolchain_server)"
  export RUSTUP_TOOLCHAIN=$RUST_NEEDED
}

get_official_rust() {
  local place parts
  place=$(rustup_server)/dist/$(rust_triple)/rustup-init
  mapfile -t parts < <(components --component)
  say "The Rust project's own installer brings Rust $RUST_NEEDED:"
  say "  fetched from  $place"
  say "  checked       against the SHA-256 that is published beside it, before it is run"
  say "  installs      into ${RUSTUP_HOME:-$HOME/.rustup} and ${CARGO_HOME:-$HOME/.cargo} (about 700 MB); no setting of your shell is changed"
  if [[ $place == http://* ]]; then
    warn "$place is not encrypted: the checksum shows damage there, and no forgery."
  fi
  agrees "Fetch and run it?" || fail_without_rust "Without Rust $RUST_NEEDED or newer nothing can be built." "$(toolchain_server)"
  ensure_fetcher
  local folder
  mkdir -p -- "$CACHE" || fail "$CACHE cannot be written to." "Set FRONTDESK_CACHE to a folder that can."
  # Not in /tmp, from which some systems run nothing. By its name the file knows that it is the installer.
  folder=$(mktemp -d "$CACHE/rustup.XXXXXX")
  TEMPORARY+=("$folder")
  if ! fetch "$place" "$folder/rustup-init" || ! fetch "$place.sha256" "$folder/sha256"; then
    fail_without_rust "rustup-init could not be fetched; the reason stands above." "$(rustup_server)"
  fi
  check_sha256 "$folder/rustup-init" "$folder/sha256" "$place"
  chmod 700 "$folder/rustup-init"
  RUSTUP_INIT_SKIP_PATH_CHECK=yes "$folder/rustup-init" -y --no-modify-path --profile minimal \
    --default-toolchain "$RUST_NEEDED" "${parts[@]}" ||
    fail_without_rust "rustup-init could not install Rust $RUST_NEEDED; its reason stands above." "$(toolchain_server)"
  rm -rf -- "$folder"
  PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
}

ensure_fetcher() {
  if has curl || has wget; then return; fi
  if ((HAS_APT)) && can_be_root; then
    ensure_package_lists
    apt_get install -y --no-install-recommends curl || true
    hash -r
  fi
  has curl || fail "Fetching rustup-init needs curl or wget, and neither is there." \
    "Install one (apt-get install -y curl), then run the same command again."
}

check_sha256() { # FILE, A FILE THAT NAMES THE RIGHT SUM FIRST, WHERE IT CAME FROM
  local right found
  right=$(awk 'NR == 1 { print tolower($1) }' "$2")
  found=$(sha256sum -- "$1" | awk '{ print $1 }')
  [[ $right =~ ^[0-9a-f]{64}$ ]] || fail "$3.sha256 is no checksum, so rustup-init was not run." \
    "Something between answers in its place (a proxy, a sign-in page of the network?): open that address in a browser."
  [[ $right == "$found" ]] || fail "rustup-init is not the file whose checksum is published, so it was not run." \
    "Published: $right" "Fetched:   $found" \
    "Run the same command again. If it happens again, something between alters what is fetched: use another network."
  say "The checksum is right: $found"
}

# Says all that helps where the Rust project's server is out of reach.
fail_without_rust() { # WHAT-HAPPENED SERVER
  local version=$RUST_NEEDED name
  if [[ $version != *.*.* ]]; then version+=.0; fi
  name=rust-$version-$(rust_triple)
  fail "$1" "Run the same command again after one of these:" \
    "- Let this machine reach $2. Through a proxy:" \
    "    https_proxy=http://PROXY:PORT ./install.sh" \
    "- Name a mirror of it:" \
    "    RUSTUP_DIST_SERVER=https://MIRROR RUSTUP_UPDATE_ROOT=https://MIRROR/rustup ./install.sh" \
    "- On a machine that reaches it, fetch $RUST_SERVER/dist/$name.tar.xz; carry it here, and" \
    "    tar -xf $name.tar.xz && sudo $name/install.sh --prefix=/usr/local"
}

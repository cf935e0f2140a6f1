# shellcheck shell=bash
# What the machine is, what it lacks, and the packages that help. Sourced by install.sh.

# Read from here; the tests point these at other files.
: "${OS_RELEASE:=/etc/os-release}" "${MEMINFO:=/proc/meminfo}"

CACHE=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
CACHE=$(absolute_path "$CACHE")

BUILD_MEGABYTES=8000         # a cold release build with both engines, and room to link
REBUILD_MEGABYTES=1000       # an incremental one
RUST_MEGABYTES=1500          # a toolchain, and what is fetched for it
LITTLE_MEMORY=2900           # machines sold as 3 GB show a little less
MISSING=()                   # packages to install
MISSING_TOOLS=()             # what they are for, for people without apt
HAS_BROWSER=1

look_at_system() {
  local machine
  machine=$(uname -m)
  [[ $(uname -s) == Linux ]] || fail "This installer knows Linux; this is $(uname -s)." \
    "Install Rust, CMake, a C++ compiler and libclang, then: cargo build --release --locked"
  case $machine in
    x86_64 | aarch64 | arm64) ;;
    *) fail "Frontdesk needs a 64-bit x86 or ARM processor; this one is \"$machine\"." \
      "Use another machine: the models do not fit into 32 bits." ;;
  esac
  [[ $(getconf LONG_BIT 2>/dev/null || echo 64) == 64 ]] ||
    fail "The processor is 64-bit, the installed system is 32-bit." "Install the 64-bit system."
  if is_musl; then
    fail "This system uses the C library musl (Alpine?); Frontdesk is built for glibc." \
      "Use Debian, Ubuntu or another glibc system, or a container of one."
  fi
  look_at_distribution
  look_for_tools
}

# musl's ldd fails when asked for its version, and says its name all the same.
is_musl() { { ldd --version 2>&1 || true; } | grep -i musl >/dev/null; }

look_at_distribution() {
  local ID='' ID_LIKE='' VERSION_ID='' PRETTY_NAME=''
  # shellcheck source=/dev/null
  if [[ -r $OS_RELEASE ]]; then source "$OS_RELEASE"; fi
  SYSTEM=${PRETTY_NAME:-an unknown Linux}
  HAS_APT=0
  case " $ID $ID_LIKE " in
    *' debian '* | *' ubuntu '*) if has apt-get; then HAS_APT=1; fi ;;
  esac
  local least=''
  case $ID in debian) least=12 ;; ubuntu) least=22.04 ;; esac
  if [[ -n $least && -n $VERSION_ID ]] && ! version_at_least "$VERSION_ID" "$least"; then
    warn "$SYSTEM is older than $ID $least, which is the oldest that is tested."
  fi
}

# need PACKAGE WHAT-IT-GIVES COMMAND...: the package is missing unless the command succeeds.
need() {
  local package=$1 what=$2
  shift 2
  if "$@" >/dev/null 2>&1; then return; fi
  local each
  for each in $package; do MISSING+=("$each"); done
  MISSING_TOOLS+=("$what")
}

look_for_tools() {
  MISSING=() MISSING_TOOLS=()
  need build-essential "a C and C++ compiler, make, ld and objcopy" has_compiler
  need cmake "CMake 3.19 or newer" has_cmake
  need "clang libclang-dev" "clang with libclang (which reads the engines' C headers)" has_libclang
  need pkg-config "pkg-config" has pkg-config
  need perl "Perl with its standard modules (OpenSSL's build runs on it)" \
    perl -MFindBin -MIPC::Cmd -MTime::Piece -e 1
  need ca-certificates "the list of certificate authorities" has_certificates
  need "python3 python3-pip" "Python 3 with pip (the models come as Python packages)" python3 -m pip --version
  if [[ $ACTION != test ]]; then return; fi
  need python3-venv "Python's venv" python3 -c 'import venv, ensurepip'
  need shellcheck "shellcheck" has shellcheck
  need "chromium chromium-driver" "Chromium and ChromeDriver (for the browser tests)" has_browser
}

has_compiler() { has cc && has c++ && has make && has ld && has objcopy; }
has_browser() { has chromedriver && { has chromium || has chromium-browser || has google-chrome; }; }

has_cmake() {
  has cmake && version_at_least "$(cmake --version | awk 'NR == 1 { print $3 }')" 3.19
}

has_libclang() {
  [[ -n ${LIBCLANG_PATH:-} ]] && return
  has clang && { compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' ||
    compgen -G '/usr/lib*/libclang*.so*' || compgen -G "/usr/lib/$(uname -m)-linux-gnu/libclang*.so*"; }
}

has_certificates() {
  [[ -e /etc/ssl/certs/ca-certificates.crt || -e /etc/pki/tls/certs/ca-bundle.crt ||
    -e /etc/ssl/ca-bundle.pem || -n ${SSL_CERT_FILE:-} ]]
}

print_system_plan() {
  say "System     $SYSTEM, $(uname -m), $(nproc) cores, $(memory_megabytes) MB of memory"
  if ((${#MISSING[@]} == 0)); then
    say "Packages   all are there"
  elif ((HAS_APT)); then
    say "Packages   to install: ${MISSING[*]}"
  else
    say "Packages   missing: $(join_by ', ' "${MISSING_TOOLS[@]}")"
  fi
}

join_by() {
  local separator=$1 all=$2
  shift 2
  printf '%s' "$all" "${@/#/$separator}"
}

memory_megabytes() { awk '/^MemTotal:/ { print int($2 / 1024) }' "$MEMINFO"; }

# Sets STARTER, and STARTER_WHY if the machine decided.
choose_starter() {
  local memory
  memory=$(memory_megabytes)
  STARTER_WHY=''
  if [[ $ACTION == test ]] || ((STARTER_NAMED || memory >= LITTLE_MEMORY)) || [[ $STARTER == lite ]]; then return; fi
  STARTER=lite
  STARTER_WHY="This machine has $memory MB of memory; under 3 GB a chat model leaves too little for the rest. So answers
           are quoted from documents and none is written. To have one all the same: --starter small"
}

check_memory() {
  local memory
  memory=$(memory_megabytes)
  if ((memory >= LITTLE_MEMORY)); then return; fi
  warn "$memory MB of memory is little: the build may need swap space."
}

starter_megabytes() {
  case $STARTER in default) echo 2100 ;; small) echo 1300 ;; lite) echo 600 ;; *) echo 800 ;; esac
}

models_folder() {
  if ((SERVICE)); then echo "$SERVICE_HOME/models"; else echo "${FRONTDESK_MODELS_DIR:-$CACHE/models}"; fi
}

print_models_plan() {
  local what
  case $STARTER in
    default) what="chat about 1120 MB (as suits this machine: told before it is fetched), search and reading 95 MB, speech 300 MB" ;;
    small) what="chat 490 MB, search and reading 95 MB, speech 150 MB" ;;
    lite) what="search and reading 95 MB, speech 150 MB" ;;
    *) what="chat 100 MB, search and reading 95 MB, speech 150 MB" ;;
  esac
  say "Models     $what, into $(models_folder) (what is there is kept)"
  if [[ -n $STARTER_WHY ]]; then say "           $STARTER_WHY"; fi
}

# Counts only what is still missing.
check_disk() {
  local build=$BUILD_MEGABYTES models folder
  folder=$(models_folder)
  if [[ -e $TARGET_DIR/release/frontdesk || ($ACTION == test && -e $TARGET_DIR/debug/frontdesk) ]]; then
    build=$REBUILD_MEGABYTES
  fi
  models=$(($(starter_megabytes) - $(used_megabytes "$folder")))
  if ((models < 0)); then models=0; fi
  if ((RUST_MISSING)); then need_space "${RUSTUP_HOME:-$HOME/.rustup}" "$RUST_MEGABYTES" "Rust"; fi
  if [[ $(mount_of "$TARGET_DIR") == "$(mount_of "$folder")" ]]; then
    need_space "$TARGET_DIR" $((build + models)) "the build and the models"
  else
    need_space "$TARGET_DIR" "$build" "the build"
    need_space "$folder" "$models" "the models"
  fi
}

need_space() { # FOLDER MEGABYTES WHAT
  local free
  free=$(free_megabytes "$1")
  if ((free >= $2)); then return; fi
  fail "The disk of $1 has $free MB free; $3 need $2 MB." \
    "Make room, or put the build elsewhere: FRONTDESK_CACHE=/a/bigger/disk ./install.sh"
}

is_anything_missing() { ((${#MISSING[@]} > 0 || RUST_MISSING)); }

install_packages() {
  if ((${#MISSING[@]} == 0)); then return; fi
  heading "Packages"
  if ((!HAS_APT)); then
    fail "$SYSTEM has no apt, so these must be installed by hand:" "${MISSING_TOOLS[@]/#/- }" \
      "Then run the same command again."
  fi
  ensure_package_lists
  leave_out_browser_if_unknown
  if ((${#MISSING[@]} == 0)); then return; fi
  can_be_root || fail "These packages are missing, and you are not the administrator: ${MISSING[*]}" \
    "Ask the administrator to run:  apt-get update && apt-get install -y ${MISSING[*]}" \
    "Then run the same command again."
  # Lists that are old name files that are gone: fresh lists, and once more.
  apt_get install -y --no-install-recommends "${MISSING[@]}" || {
    update_package_lists
    apt_get install -y --no-install-recommends "${MISSING[@]}"
  } || fail "The packages could not be installed: ${MISSING[*]}" \
    "The reason stands above. Without a connection, or with a broken package source, mend that first."
  look_for_tools
  leave_out_browser_if_unknown
  ((${#MISSING[@]} == 0)) || fail "After installing packages these are still missing:" \
    "${MISSING_TOOLS[@]/#/- }" "Something on this machine hides them, an own PATH perhaps."
}

# A fresh container has none.
ensure_package_lists() {
  if ! compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; then update_package_lists; fi
}

update_package_lists() {
  can_be_root || return 0
  apt_get update || warn "The lists of packages could not be refreshed."
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

is_package_known() {
  [[ -n $(apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ && $2 != "(none)"') ]]
}

# Ubuntu has Chromium only as a snap, which its package lists cannot give.
leave_out_browser_if_unknown() {
  if [[ " ${MISSING[*]} " != *' chromium '* ]] || is_package_known chromium; then return; fi
  HAS_BROWSER=0
  warn "$SYSTEM has no package \"chromium\": install a browser with its ChromeDriver for the browser tests."
  local kept=() package
  for package in "${MISSING[@]}"; do
    case $package in chromium | chromium-driver) ;; *) kept+=("$package") ;; esac
  done
  MISSING=("${kept[@]}")
}

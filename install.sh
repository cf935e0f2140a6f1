#!/usr/bin/env bash
# Sets Frontdesk up on a fresh Debian or Ubuntu and starts it: ./install.sh --help
#
# The steps are in packaging/install/: each looks first, does only what is missing, and can be
# run again.
set -Eeuo pipefail

REPO=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=packaging/install/common.sh
source "$REPO/packaging/install/common.sh"
# shellcheck source=packaging/install/system.sh
source "$REPO/packaging/install/system.sh"
# shellcheck source=packaging/install/rust.sh
source "$REPO/packaging/install/rust.sh"
# shellcheck source=packaging/install/rustup.sh
source "$REPO/packaging/install/rustup.sh"
# shellcheck source=packaging/install/service.sh
source "$REPO/packaging/install/service.sh"
# shellcheck source=packaging/install/https.sh
source "$REPO/packaging/install/https.sh"
# shellcheck source=packaging/install/update.sh
source "$REPO/packaging/install/update.sh"
# shellcheck source=packaging/install/checks.sh
source "$REPO/packaging/install/checks.sh"

usage() {
  cat <<'USAGE'
Frontdesk's installer

  ./install.sh [OPTIONS]   install what is missing, build, get the models, start the demo business
  ./install.sh test        everything that must pass before a change is accepted

Options
  --small         the small models: for less than 4 GB of memory, or a slow connection;
                  under 3 GB the same as --lite
  --lite          no chat model: answers are quoted from documents, nothing is written;
                  the default under 3 GB of memory
  --starter SET   default, small or lite, whatever the memory
  --prefix DIR    put the program into DIR/bin   [~/.local; /usr/local as root or with --service]
  --listen ADDR   serve on ADDR, such as 127.0.0.1:8080
  --https NAME    serve HTTPS under this name, such as desk.example.com, with a certificate that comes by itself;
                  several separated by commas
  --data DIR      keep the business's data in DIR
  --no-start      stop once it is installed
  --until STEP    stop after this step: packages, rust, build or models
  --service       run as a service of this machine (systemd), from now on and after a restart
  --yes           ask nothing
  --dry-run       say what would be done, and stop
  --help          this text

Environment
  FRONTDESK_CACHE     where the build and the test tools go   [~/.cache/frontdesk]
  CARGO_TARGET_DIR    where the build goes, if not there

Run it again at any time: what is right is left alone.
USAGE
}

ACTION=install STARTER=default STARTER_NAMED=0 STARTER_WHY='' UNTIL='' PREFIX='' LISTEN='' HTTPS='' DATA='' START=1 SERVICE=0 YES=0 DRY_RUN=0

parse_options() {
  while (($#)); do
    case $1 in
      test) ACTION=test STARTER=test ;;
      --small) STARTER=small ;;
      --lite) STARTER=lite ;;
      --no-start) START=0 ;;
      --service) SERVICE=1 ;;
      --yes | -y) YES=1 ;;
      --dry-run) DRY_RUN=1 ;;
      --prefix=* | --listen=* | --https=* | --data=* | --starter=* | --until=*) set_option "${1%%=*}" "${1#*=}" ;;
      --prefix | --listen | --https | --data | --starter | --until)
        (($# > 1)) || fail "$1 needs a value." "See ./install.sh --help"
        set_option "$1" "$2"
        shift
        ;;
      --help | -h) usage; exit 0 ;;
      *) fail "There is no option \"$1\"." "See ./install.sh --help" ;;
    esac
    shift
  done
  if [[ $ACTION == test ]] && ((SERVICE)); then
    fail "\"test\" installs nothing, so it does not go with --service." "Leave one of them out."
  fi
  # A log, or a build server, cannot answer.
  if [[ -n ${CI:-} || ! -t 0 ]]; then YES=1; fi
}

set_option() {
  [[ -n $2 ]] || fail "$1 needs a value." "See ./install.sh --help"
  case $1 in
    --prefix) PREFIX=$(absolute_path "$2") ;;
    --data) DATA=$(absolute_path "$2") ;;
    --https) set_https "$2" ;;
    --starter)
      case $2 in
        default | small | lite) STARTER=$2 STARTER_NAMED=1 ;;
        *) fail "There is no set of models \"$2\"." "Name one of these: default, small, lite." ;;
      esac
      ;;
    --until)
      case $2 in
        packages | rust | build | models) UNTIL=$2 ;;
        *) fail "There is no step \"$2\"." "Name one of these: packages, rust, build, models." ;;
      esac
      ;;
    --listen)
      [[ $2 =~ ^(\[[0-9a-fA-F:.]+\]|[0-9.]+):[0-9]{1,5}$ ]] ||
        fail "\"$2\" is not an address to listen on." \
          "Name one with its port: 127.0.0.1:8080 for this machine alone, 0.0.0.0:8080 for the network."
      LISTEN=$2
      ;;
  esac
}

default_prefix() {
  if [[ -n $PREFIX ]]; then return; fi
  # The service's own user cannot look into anyone's home folder.
  if is_root || ((SERVICE)); then PREFIX=/usr/local; else PREFIX=$HOME/.local; fi
}

print_plan() {
  heading "What will be done"
  print_system_plan
  print_rust_plan
  if [[ $ACTION == test ]]; then
    say "Build      for development, in $TARGET_DIR"
  else
    say "Build      for this machine's processor, in $TARGET_DIR (the first time 10 to 40 minutes)"
    say "Program    $PREFIX/bin/frontdesk"
  fi
  print_models_plan
  print_https_plan
  if [[ -n $UNTIL ]]; then
    say "Then       it stops after the step \"$UNTIL\" (--until)"
    return
  fi
  case $ACTION,$SERVICE,$START in
    test,*) say "Then       all checks and tests run" ;;
    install,1,*) say "Then       the service \"frontdesk\" is set up for the user \"frontdesk\", and started" ;;
    install,0,1) say "Then       the demo business is served${LISTEN:+ on $LISTEN}; stop it with Ctrl-C" ;;
    *) say "Then       nothing is started" ;;
  esac
}

install_program() {
  heading "The program"
  local built=$TARGET_DIR/release/frontdesk to=$PREFIX/bin/frontdesk before
  if cmp -s "$built" "$to"; then
    say "$to is up to date."
    return
  fi
  before=$(version_of "$to")
  with_write_access "$PREFIX/bin" mkdir -p "$PREFIX/bin"
  # Renaming is atomic, and leaves a running program its old file.
  with_write_access "$PREFIX/bin" install -m 755 "$built" "$to.new"
  with_write_access "$PREFIX/bin" mv -f "$to.new" "$to"
  say "Installed Frontdesk $(version_of "$to") as $to"
  if [[ -n $before ]]; then tell_update "$before" "$(version_of "$to")"; fi
  case :$PATH: in
    *:"$PREFIX/bin":*) ;;
    *) say "$PREFIX/bin is not in your PATH: add it, or use the full name." ;;
  esac
}

get_models() { # the program to get them with
  heading "Models"
  "$1" models get --starter "$STARTER" || fail "The models could not be fetched." \
    "The reason stands above. What was already fetched is kept: run the same command again." \
    "If the connection or the disk is too small: --small takes less than half, --lite a quarter."
}

start_demo() {
  heading "Starting"
  if [[ -n $LISTEN ]] && is_port_taken "$LISTEN"; then
    fail "Something already listens on $LISTEN." \
      "If it is Frontdesk, all is well: it runs. Otherwise choose another with --listen."
  fi
  local arguments=(serve --demo)
  if [[ -n $LISTEN ]]; then arguments+=(--listen "$LISTEN"); fi
  if [[ -n $HTTPS ]]; then arguments+=(--https "$HTTPS"); fi
  if [[ -n $DATA ]]; then arguments+=(--data "$DATA"); fi
  exec "$PREFIX/bin/frontdesk" "${arguments[@]}"
}

stops_after() { # STEP
  if [[ $UNTIL != "$1" ]]; then return 1; fi
  heading "Done"
  say "Stopped after the step \"$1\". The same command without --until goes on from there."
}

main() {
  parse_options "$@"
  default_prefix
  choose_starter
  look_at_system
  look_at_rust
  if ((SERVICE)); then
    require_service_manager
    keep_service_options
  fi
  check_https
  print_plan
  check_memory
  check_disk
  if ((DRY_RUN)); then
    say "Nothing was changed (--dry-run)."
    return
  fi
  if is_anything_missing; then confirm "Go on?"; fi
  install_packages
  if stops_after packages; then return; fi
  install_rust
  if stops_after rust; then return; fi
  if [[ $ACTION == test ]]; then
    run_checks
    return
  fi
  build_release
  if stops_after build; then return; fi
  install_program
  if ((SERVICE)); then
    set_up_service
    return
  fi
  get_models "$PREFIX/bin/frontdesk"
  if stops_after models; then return; fi
  if restart_what_runs; then return; fi
  if ((START)); then
    start_demo
  fi
  heading "Done"
  say "Start it with:  $PREFIX/bin/frontdesk serve --demo${HTTPS:+ --https $HTTPS}"
}

# Sourced by its tests, it only defines its functions.
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then main "$@"; fi

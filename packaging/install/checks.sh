# shellcheck shell=bash
# ./install.sh test: everything that must pass before a change is accepted. Sourced by install.sh.

CARGO_DENY_VERSION=0.20.2
CARGO_NEXTEST_VERSION=0.9.143
OPENAI_VERSION=3.54.0

STAGES=() # "outcome seconds name" of each stage that ran
FAILED=0

run_checks() {
  # Saves disk and time where everything is built once.
  if [[ -n ${CI:-} ]]; then export CARGO_INCREMENTAL=0; fi
  export PATH=$CACHE/tools/bin:$PATH
  keep_stamp
  temporary_file
  NEXTEST_LOG=$FILE

  stage "Formatting" cargo_here fmt --all --check
  stage "Shell scripts" check_scripts
  stage "Licences, duplicates, sources of dependencies" check_dependencies
  stage "Known vulnerabilities" check_advisories
  stage "Lints" cargo_here clippy --locked --workspace --all-targets -- -D warnings
  stage "Reference documentation" check_docs
  stage "Examples in the documentation" check_doc_examples
  # With the tests, whose crates turn on more features: alone the program would be built from other crates than they.
  stage "The program and its tests" cargo_here build --locked --workspace --bins --tests
  stage "Test models" get_test_models
  stage "The OpenAI client" check_openai_client
  stage "Mail servers" check_mail_servers
  stage "Calendar server" check_calendar_server
  stage "Tests" run_tests
  print_summary
  trap - ERR
  ((FAILED == 0)) || exit 1
}

# A stage returns 0, or 77 if it was skipped and has said why, or fails.
stage() {
  local name=$1 began=$SECONDS status=0 outcome=passed
  shift
  heading "$name"
  "$@" || status=$?
  case $status in
    0) ;;
    77) outcome=skipped ;;
    *) outcome=FAILED FAILED=$((FAILED + 1)) ;;
  esac
  STAGES+=("$outcome $((SECONDS - began)) $name")
  say "-- $name: $outcome after $((SECONDS - began)) s"
}

skip() {
  say "Skipped: $*"
  return 77
}

print_summary() {
  heading "Summary"
  local each outcome seconds name
  for each in "${STAGES[@]}"; do
    read -r outcome seconds name <<<"$each"
    printf '%-8s %5s s  %s\n' "$outcome" "$seconds" "$name"
  done
  if ((FAILED)); then say "$FAILED of ${#STAGES[@]} stages failed."; fi
  # The tests' own last line, so that it is among the last here too.
  sed 's/\x1b\[[0-9;]*m//g' "$NEXTEST_LOG" | grep -E '^ *Summary \[|^test result:' | tail -n 1 || true
}

check_scripts() {
  has shellcheck || skip "shellcheck is not installed" || return
  (cd -- "$REPO" && shellcheck --external-sources --check-sourced install.sh .ci/run packaging/*.sh packaging/try/*.sh \
    packaging/package/{install.sh,preinst,postinst,prerm,postrm} native/configure_openssl)
}

# has_tool COMMAND VERSION: builds it into the cache if it is nowhere.
has_tool() {
  if has "$1"; then return; fi
  say "$1 is not installed: building $2 (some minutes, once)"
  # Away from the project, whose settings would tie the tool to this processor.
  (cd / && env -u CARGO_TARGET_DIR cargo install --quiet --locked "$1" --version "$2" --root "$CACHE/tools")
}

check_dependencies() {
  has_tool cargo-deny "$CARGO_DENY_VERSION" || return
  cargo_here deny --locked check --hide-inclusion-graph licenses bans sources
}

# The list of vulnerabilities comes from a code host, which not every machine reaches.
check_advisories() {
  has cargo-deny || skip "cargo-deny is not there" || return
  has git || skip "git, which fetches the list, is not there" || return
  (cd -- "$REPO" && timeout 60 cargo deny --locked fetch db) >/dev/null 2>&1 ||
    skip "the list of known vulnerabilities cannot be reached from here" || return
  cargo_here deny --locked check advisories
}

check_docs() { RUSTDOCFLAGS="-D warnings" cargo_here doc --no-deps --locked; }

check_doc_examples() {
  (("$(count_doc_examples)" > 0)) || skip "there are none" || return
  cargo_here test --doc --locked
}

# Opening fences of code in doc comments that rustdoc would run.
count_doc_examples() {
  find "$REPO/src" -name '*.rs' -exec awk '
    FNR == 1 { inside = 0 }
    /^[ \t]*\/\/[\/!] *```/ {
      if (inside) { inside = 0; next }
      inside = 1
      language = $0
      sub(/.*```/, "", language)
      if (language ~ /^(rust|no_run|should_panic|compile_fail|edition[0-9]+|[ ,])*$/) count++
    }
    END { print count + 0 }' {} + | awk '{ sum += $1 } END { print sum + 0 }'
}

get_test_models() { "$TARGET_DIR/debug/frontdesk" models get --starter test; }

# The official client, as any developer would install it, against the running program.
check_openai_client() {
  local script=$REPO/tests/clients/run.sh venv=$CACHE/venv-openai-realtime-$OPENAI_VERSION
  [[ -x $script ]] || skip "tests/clients/run.sh is not there" || return
  if [[ ! -e $venv/complete ]]; then
    rm -rf -- "$venv"
    python3 -m venv "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check "openai[realtime]==$OPENAI_VERSION" &&
      touch "$venv/complete" || return
  fi
  FRONTDESK=$TARGET_DIR/debug/frontdesk PYTHON=$venv/bin/python "$script"
}

# E-mail against a server of SMTP and one of IMAP, as others wrote them.
check_mail_servers() {
  has openssl || skip "openssl, which makes the servers' certificates, is not installed" || return
  local folder=$REPO/tests/mail venv=$CACHE/venv-mail
  if ! cmp --silent "$folder/requirements.txt" "$venv/.requirements"; then
    rm -rf -- "$venv"
    python3 -m venv "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$folder/requirements.txt" &&
      cp -- "$folder/requirements.txt" "$venv/.requirements" || return
  fi
  FRONTDESK=$TARGET_DIR/debug/frontdesk PYTHON=$venv/bin/python "$folder/run.sh"
}

# Appointments against a calendar server as others wrote it.
check_calendar_server() {
  local folder=$REPO/tests/caldav venv=$CACHE/venv-caldav
  if ! cmp --silent "$folder/requirements.txt" "$venv/.requirements"; then
    rm -rf -- "$venv"
    python3 -m venv "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$folder/requirements.txt" &&
      cp -- "$folder/requirements.txt" "$venv/.requirements" || return
  fi
  FRONTDESK=$TARGET_DIR/debug/frontdesk PYTHON=$venv/bin/python "$folder/run.sh"
}

run_tests() {
  local only=()
  if ((!HAS_BROWSER)); then
    [[ -z ${CI:-} ]] || fail "The browser tests need Chromium and ChromeDriver." "Install them on this machine."
    say "Without a browser, the browser tests are left out."
    only=(-E 'not test(/browser/)')
  fi
  if has_tool cargo-nextest "$CARGO_NEXTEST_VERSION"; then
    cargo_here nextest run --locked --profile ci "${only[@]}" 2>&1 | tee -- "$NEXTEST_LOG"
  else
    say "cargo-nextest cannot be had: the tests run with cargo's own runner, without time limits."
    # One at a time, as the tests with real models need the cores for themselves.
    cargo_here test --locked --no-fail-fast --lib --bins --tests -- --test-threads=1 2>&1 | tee -- "$NEXTEST_LOG"
  fi
}

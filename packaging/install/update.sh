# shellcheck shell=bash
# What an update changed, and bringing it into use. Sourced by install.sh.

: "${CHANGELOG:=$REPO/CHANGELOG.md}" # the tests point it at another file
CHANGES_SHOWN=12

version_of() { # PROGRAM: nothing if it is not there, or does not say
  { "$1" --version 2>/dev/null || true; } | awk 'NR == 1 { print $2 }'
}

tell_update() { # OLD NEW
  if [[ $1 == "$2" ]]; then
    say "It is version $2 as before, from other sources. What changed lately is at the top of CHANGELOG.md."
  else
    say "Updated from version $1 to $2."
    tell_changes "$1" "$2"
  fi
  say "Data and settings stay as they are. If this version stores data in another form, its first start copies the database,"
  say "converts the copy and keeps the one of before for 14 days: \"frontdesk admin roll-back\" goes back to it."
}

# The first sentence of each change after OLD, up to NEW.
tell_changes() { # OLD NEW
  local changes count
  changes=$(changes_between "$1" "$2")
  if [[ -z $changes ]]; then return; fi
  count=$(wc -l <<<"$changes")
  say "What changed:"
  head -n "$CHANGES_SHOWN" <<<"$changes"
  if ((count > CHANGES_SHOWN)); then say "  and $((count - CHANGES_SHOWN)) more in CHANGELOG.md"; fi
}

changes_between() { # OLD NEW: a line for each
  local line version wanted=0
  if [[ ! -r $CHANGELOG ]]; then return; fi
  while IFS= read -r line; do
    if [[ $line == '## '* ]]; then
      read -r _ version _ <<<"${line//[\[\]]/}"
      version=${version#v}
      wanted=0
      # What is not released yet has no number.
      if [[ $version == [0-9]* && $version != "$1" ]] && version_at_least "$version" "$1" &&
        version_at_least "$2" "$version"; then wanted=1; fi
    elif ((wanted)); then
      printf '%s\n' "$line"
    fi
  done <"$CHANGELOG" | awk '
    function tell() {
      if (change == "") return
      gsub(/\*\*|`/, "", change)
      if (match(change, /[.!] /)) change = substr(change, 1, RSTART)
      print "  - " change
      change = ""
    }
    /^[-*] / { tell(); change = substr($0, 3); next }
    /^ +[^ ]/ && change != "" { sub(/^ +/, " "); change = change $0; next }
    { tell() }
    END { tell() }'
}

# What still runs the program of before: the service is restarted, anything else is named. Fails if nothing does.
restart_what_runs() {
  local old pid
  # A running program keeps its old file open, which then shows as deleted.
  old="$PREFIX/bin/frontdesk (deleted)"
  if has systemctl && systemctl is-active --quiet frontdesk; then
    pid=$(systemctl show --property MainPID --value frontdesk)
    if [[ $(as_root readlink "/proc/$pid/exe" || true) == "$old" ]]; then
      heading "The service"
      restart_service
      return
    fi
  fi
  local running=()
  while read -r pid _; do
    pid=${pid#/proc/}
    # An engine's process ends with its server.
    if [[ $(tr '\0' ' ' <"/proc/${pid%/exe}/cmdline" 2>/dev/null || true) == *' serve '* ]]; then running+=("${pid%/exe}"); fi
  done < <({ find /proc -maxdepth 2 -name exe -printf '%p %l\n' 2>/dev/null || true; } | { grep -F -- " $old" || true; })
  if ((${#running[@]} == 0)); then return 1; fi
  heading "Done"
  say "Frontdesk still runs as it was before (process ${running[*]}). To use the new program, stop it with Ctrl+C where it runs"
  say "and start it again."
}

restart_service() {
  if ! agrees "Restart the service now, so that the new program runs? Visitors wait for some seconds."; then
    say "It goes on with the program of before until:  systemctl restart frontdesk"
    return
  fi
  can_be_root || fail "Only the administrator can restart the service." "Run:  systemctl restart frontdesk"
  as_root systemctl restart frontdesk
  say "The service was restarted."
}

# shellcheck shell=bash
# Frontdesk as a service of the machine. Sourced by install.sh.

SERVICE_HOME=/var/lib/frontdesk
UNIT=/etc/systemd/system/frontdesk.service
KEY=/etc/frontdesk/frontdesk-key

# Before anything is changed.
require_service_manager() {
  [[ -d /run/systemd/system ]] || fail "systemd does not run here, so there is nothing to start a service." \
    "Nothing was changed. Leave out --service (in a container, start \"frontdesk serve\" as its command)."
  can_be_root || fail "A service is set up by the administrator." "Run it as root or with sudo."
  local folder
  for folder in "$PREFIX" "$DATA"; do
    case $folder in
      /home/* | /root/* | "$HOME"/*)
        fail "The service's own user cannot look into $folder." \
          "Leave out --prefix and --data, or name folders outside the homes, such as /srv/frontdesk." ;;
    esac
  done
}

# Without options of its own, another run keeps those of the service that is there.
keep_service_options() {
  if [[ ! -r $UNIT ]]; then return; fi
  local serve
  serve=$(sed -n 's/^ExecStart=.*" serve//p' "$UNIT")
  serve=${serve//%%/%}
  if [[ -z $LISTEN && $serve =~ --listen\ ([^ ]+) ]]; then LISTEN=${BASH_REMATCH[1]}; fi
  if [[ -z $HTTPS && $serve =~ --https\ ([^ ]+) ]]; then HTTPS=${BASH_REMATCH[1]} HTTPS_KEPT=1; fi
  if [[ -z $DATA && $serve =~ --data\ \"([^\"]+)\" ]]; then DATA=${BASH_REMATCH[1]}; fi
}

set_up_service() {
  heading "The service"
  if ! getent passwd frontdesk >/dev/null; then
    as_root useradd --system --user-group --home-dir "$SERVICE_HOME" --no-create-home \
      --shell /usr/sbin/nologin --comment "Frontdesk" frontdesk
    say "Made the system user frontdesk."
  fi
  as_root install -d -m 700 -o frontdesk -g frontdesk "$SERVICE_HOME" "$SERVICE_HOME/models"
  if [[ -n $DATA ]] && ! as_root test -d "$DATA"; then as_root install -d -m 700 -o frontdesk -g frontdesk "$DATA"; fi
  make_key
  copy_models
  install_unit
  if ((!START)); then
    as_root systemctl enable --quiet frontdesk
    say "Set up, not started:  systemctl start frontdesk"
    return
  fi
  start_service
}

# A new key would make the store that an old one encrypted unreadable: never replaced.
make_key() {
  if as_root test -e "$KEY"; then return; fi
  as_root mkdir -p "${KEY%/*}"
  as_root sh -c "umask 077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >'$KEY.new' && mv '$KEY.new' '$KEY'"
  say "Made the key of the encrypted store, $KEY. Keep a copy of it off this machine."
}

# What the user who runs this already fetched need not be fetched again.
copy_models() {
  local own=${FRONTDESK_MODELS_DIR:-$CACHE/models}
  if [[ -d $own ]] && ! as_root test -n "$(as_root ls -A "$SERVICE_HOME/models")"; then
    say "Copying the models that are in $own"
    as_root cp -R --preserve=timestamps -- "$own/." "$SERVICE_HOME/models/"
    as_root chown -R frontdesk:frontdesk "$SERVICE_HOME/models"
  fi
  if [[ $STARTER == none ]]; then return; fi
  heading "Models"
  as_frontdesk "$PREFIX/bin/frontdesk" models get --starter "$STARTER" ||
    fail "The models could not be fetched." "The reason stands above; run the same command again."
}

as_frontdesk() {
  (cd / && as_root runuser -u frontdesk -- env -i PATH="$PATH" HOME="$SERVICE_HOME" LANG=C.UTF-8 \
    FRONTDESK_MODELS_DIR="$SERVICE_HOME/models" FRONTDESK_CACHE="$SERVICE_HOME/cache" "$@")
}

# The unit with this machine's places filled in.
unit_text() {
  local text options='' extra='' rights='CapabilityBoundingSet='
  if [[ -n $LISTEN ]]; then options+=" --listen $LISTEN"; fi
  if [[ -n ${HTTPS:-} ]]; then options+=" --https $HTTPS"; fi
  if wants_low_port; then
    rights="# HTTPS uses ports 443 and 80. The server alone keeps this right; the programs that it starts have none."$'\n'
    rights+=CapabilityBoundingSet=CAP_NET_BIND_SERVICE$'\n'AmbientCapabilities=CAP_NET_BIND_SERVICE
  fi
  if [[ -n $DATA ]]; then
    options+=" --data \"$DATA\""
    extra+="ReadWritePaths=\"$DATA\""$'\n'
  fi
  text=$(<"$REPO/packaging/frontdesk.service")
  # A percent sign means something to systemd, an ampersand to this replacement.
  text=${text//@PROGRAM@/"${PREFIX//%/%%}/bin/frontdesk"}
  text=${text//@SERVE_OPTIONS@/"${options//%/%%}"}
  text=${text//@CAPABILITIES@/"$rights"}
  text=${text//@EXTRA@/"${extra//%/%%}"}
  printf '%s\n' "$text"
}

install_unit() {
  temporary_file
  unit_text >"$FILE"
  UNIT_CHANGED=0
  if cmp -s "$FILE" "$UNIT"; then return; fi
  as_root install -m 644 "$FILE" "$UNIT"
  as_root systemctl daemon-reload
  UNIT_CHANGED=1
}

start_service() {
  local address=${LISTEN:-127.0.0.1:8080}
  if systemctl is-active --quiet frontdesk; then
    # A running program keeps its old file open, which then shows as deleted.
    local pid running=''
    pid=$(systemctl show --property MainPID --value frontdesk)
    running=$(as_root readlink "/proc/$pid/exe" || true)
    if ((UNIT_CHANGED)) || [[ $running != "$PREFIX/bin/frontdesk" ]]; then restart_service; fi
  else
    if is_port_taken "$address"; then
      fail "Something already listens on $address." "Stop it, or choose another address with --listen."
    fi
    as_root systemctl start frontdesk
  fi
  as_root systemctl enable --quiet frontdesk
  local tries=0
  until is_port_taken "$address" && does_https_answer; do
    if ((++tries > 30)) || ! systemctl is-active --quiet frontdesk; then
      fail "The service was started and does not answer on $address${HTTPS:+ and port $HTTPS_PORT}." \
        "Its own words:  journalctl -u frontdesk -n 30"
    fi
    sleep 1
  done
  if [[ -n $HTTPS ]]; then
    say "Frontdesk runs on $(https_address) and starts with the machine. On this machine it is at http://$address too."
    if [[ $CERTIFICATES == acme ]]; then
      say "The certificate comes within a minute; until then browsers warn. Why it does not come, if so:  sudo journalctl -u frontdesk"
    fi
  else
    say "Frontdesk runs on http://$address and starts with the machine."
  fi
  say "The link for the first sign-in:  sudo journalctl -u frontdesk | grep -i setup"
}

# shellcheck shell=bash
# What both packages hold: the program, its pages, completions, licences and parts. Sourced by release.sh.

CARGO_ABOUT_VERSION=0.9.3
CARGO_CYCLONEDX_VERSION=0.5.9

# Fills WORK with what .deb and tarball take from it.
gather_contents() {
  heading "What the packages hold"
  strip -o "$WORK/frontdesk" "$BINARY"
  chmod 755 "$WORK/frontdesk"
  OLDEST_GLIBC=$(newest_symbol GLIBC)
  say "The program needs glibc $OLDEST_GLIBC or newer, and nothing older than the processors of $CPU."
  mkdir "$WORK/man" "$WORK/completions"
  "$WORK/frontdesk" man "$WORK/man"
  gzip -n -9 "$WORK"/man/*
  local shell
  for shell in bash zsh fish; do "$WORK/frontdesk" completions "$shell" >"$WORK/completions/$shell"; done
  write_licences_and_sbom
  write_build_information
}

# newest_symbol GLIBC: the newest version of that library's symbols that the program asks for.
newest_symbol() {
  objdump -T "$WORK/frontdesk" | grep -oE "\($1_[0-9.]+\)" | tr -d '()' | sed "s/$1_//" | sort -Vu | tail -n 1
}

write_licences_and_sbom() {
  has_tool cargo-about "$CARGO_ABOUT_VERSION" || fail "cargo-about could not be built." "The reason stands above."
  has_tool cargo-cyclonedx "$CARGO_CYCLONEDX_VERSION" || fail "cargo-cyclonedx could not be built." "The reason stands above."
  # One tool writes beside each manifest, which is no business of the tree.
  mkdir "$WORK/source"
  (cd -- "$REPO" && git ls-files -z | tar --null --files-from=- -cf - | tar -xf - -C "$WORK/source")
  (
    cd -- "$WORK/source" &&
      cargo about generate --fail --locked --config packaging/release/about.toml --output-file "$WORK/crates.txt" \
        packaging/release/about.hbs &&
      cargo cyclonedx --quiet --format json --spec-version 1.5 --target x86_64-unknown-linux-gnu --no-build-deps \
        --describe binaries --manifest-path Cargo.toml &&
      cargo metadata --locked --format-version 1 --filter-platform x86_64-unknown-linux-gnu >"$WORK/metadata.json"
  ) || fail "Licences and parts could not be listed." "The reason stands above."
  python3 -I "$REPO/packaging/release/parts.py" --source "$WORK/source" --metadata "$WORK/metadata.json" \
    --crates-sbom "$WORK/source/frontdesk_bin.cdx.json" --crates-licences "$WORK/crates.txt" --commit "$COMMIT" \
    --epoch "$SOURCE_DATE_EPOCH" --sbom "$WORK/sbom.json" --licences "$WORK/licences.txt" ||
    fail "Licences and parts could not be put together." "The reason stands above."
}

write_build_information() {
  {
    echo "version $VERSION"
    echo "commit $COMMIT"
    echo "processor $CPU"
    echo "glibc $OLDEST_GLIBC"
    echo "rustc $RUST_FOUND"
  } >"$WORK/build-info"
}

# Puts program, pages and completions under a prefix, as in /usr.
fill_prefix() { # FOLDER ZSH-FOLDER
  install -D -m 755 "$WORK/frontdesk" "$1/bin/frontdesk"
  local page
  for page in "$WORK"/man/*; do install -D -m 644 "$page" "$1/share/man/man1/${page##*/}"; done
  install -D -m 644 "$WORK/completions/bash" "$1/share/bash-completion/completions/frontdesk"
  install -D -m 644 "$WORK/completions/zsh" "$1/share/zsh/$2/_frontdesk"
  install -D -m 644 "$WORK/completions/fish" "$1/share/fish/vendor_completions.d/frontdesk.fish"
}

# set_times FOLDER: every file bears the moment of the commit.
set_times() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

//! `packaging/release.sh` and what it makes, with a stub in the place of the program: the real scripts, on a clone of
//! a few files. `packaging/try_package.sh` tries the real thing in bare systems.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::machine::{Machine, Run, is_there};

/// What packaging takes from the machine that runs the tests.
const REAL: &str = "dpkg-deb git gzip md5sum python3 tar wc xargs";

/// Answers what packaging and the installer ask of the program.
const PROGRAM: &str = r#"#!/bin/sh
case $1 in
  --version) echo "frontdesk 0.1.0" ;;
  man) echo ".TH frontdesk 1" >"$2/frontdesk.1" ;;
  completions) echo "complete for $2" ;;
  *) echo "frontdesk $*" >>"$CALLS" ;;
esac
"#;

/// Cargo with the tools that list licences and parts; one crate has C in it.
const CARGO: &str = r#"case $1 in
  about) while [ "$1" != --output-file ]; do shift; done; echo "licences of crates" >"$2" ;;
  cyclonedx) echo '{"bomFormat": "CycloneDX", "serialNumber": "x", "metadata": {"timestamp": "now"}}' >frontdesk_bin.cdx.json ;;
  metadata) echo '{"packages": [{"name": "c-src", "version": "3.0.1+1.2.3", "manifest_path": "'"$CRATES"'/c-src/Cargo.toml"}]}' ;;
  --version) ;;
  build)
    echo "cargo $*" >>"$CALLS"
    env >"$HOME/built-with"
    cc -c x.c >"$HOME/compiled-with"
    mkdir -p "$CARGO_TARGET_DIR/release"
    cp "$PROGRAM" "$CARGO_TARGET_DIR/release/frontdesk" ;;
esac"#;

const PARTS: &str = r#"[[native]]
name = "libc-part"
crate = "c-src"
version = { crate = '\+([\d.]+)$' }
licence = "MIT"
texts = ["COPYING"]

[[runtime]]
name = "libgomp"
command = ["gcc", "-dumpfullversion"]
licence = "GPL-3.0-or-later WITH GCC-exception-3.1"

[[model]]
name = "weights"
file = "models/weights"
licence = "Apache-2.0"
description = "Weights."
"#;

const MODERN: &str = "flags\t\t: fpu cx16 lahf_lm popcnt pni ssse3 sse4_1 sse4_2 avx avx2 bmi1 bmi2 f16c fma abm movbe xsave\n";

/// A machine with a clean clone in `clone`, and a program to package. `None`, said aloud, where packages cannot be
/// made.
fn workshop() -> Option<Machine> {
    let mut machine = Machine::new();
    if is_there("dpkg-deb") {
        machine.link(REAL);
    }
    if !machine
        .bash("dpkg-deb --version && python3 -c 'import tomllib'")
        .went_well()
    {
        eprintln!("dpkg-deb or Python 3.11 is not there: the tests of packages are left out");
        return None;
    }
    machine.command("strip", "cp \"$3\" \"$2\"");
    machine.command("objdump", "printf ' DF *UND* 0 (GLIBC_2.%s) x\\n' 4 34 17");
    machine.command(
        "dpkg-shlibdeps",
        "echo 'shlibs:Depends=libc6 (>= 2.34), libstdc++6 (>= 11)'",
    );
    machine.command("gcc", "echo 12.2.0");
    machine.command("g++", "exit 1");
    machine.command("cc", "printf '%s\\n' \"$@\"");
    machine.command("cargo", CARGO);
    machine.command("cargo-about", "exit 1");
    machine.command("cargo-cyclonedx", "exit 1");
    machine.command("getconf", "echo glibc 2.36");
    let crates = machine.path("crates");
    machine.set("CRATES", crates.to_str().unwrap());
    machine.set("PROGRAM", machine.path("program").to_str().unwrap());
    machine.set("CPUINFO", machine.path("cpuinfo").to_str().unwrap());
    machine.write("cpuinfo", MODERN);
    machine.write("crates/c-src/COPYING", "Copyright of the C part\n");
    machine.write("program", PROGRAM);
    fs::set_permissions(machine.path("program"), fs::Permissions::from_mode(0o755)).unwrap();
    clone_here(&machine);
    Some(machine)
}

fn clone_here(machine: &Machine) {
    machine.write("clone/models/weights", "weights");
    let from = env!("CARGO_MANIFEST_DIR");
    let script = format!(
        "set -e; cp -R '{from}/packaging' '{from}/Cargo.toml' '{from}/LICENSE' '{from}/README.md' '{from}/CHANGELOG.md' clone/
        rm -rf clone/packaging/release/parts.toml; cp parts.toml clone/packaging/release/
        cd clone; git init -q; git add -A
        GIT_COMMITTER_DATE='2026-01-02T03:04:05Z' git -c user.name=a -c user.email=a@b.c commit -q -m one"
    );
    machine.write("parts.toml", PARTS);
    machine.bash(&script).succeeds();
}

/// Makes the packages into the folder `into`.
fn release(machine: &Machine, into: &str, more: &[&str]) -> Run {
    let (program, out) = (machine.path("program"), machine.path(into));
    let mut arguments = vec!["--binary", program.to_str().unwrap()];
    arguments.extend(["--out", out.to_str().unwrap()]);
    arguments.extend(more);
    machine.script(&machine.path("clone/packaging/release.sh"), &arguments)
}

/// The unpacked tarball.
fn unpacked(machine: &Machine) -> PathBuf {
    release(machine, "dist", &[]).succeeds();
    machine
        .bash("tar -xzf dist/frontdesk-0.1.0-x86_64-v3.tar.gz")
        .succeeds();
    machine.path("frontdesk-0.1.0-x86_64-v3")
}

fn install(machine: &Machine, arguments: &[&str]) -> Run {
    let prefix = machine.path("own prefix");
    let mut all = vec!["--prefix", prefix.to_str().unwrap()];
    all.extend(arguments);
    let script = machine.path("frontdesk-0.1.0-x86_64-v3/install.sh");
    machine.script(&script, &all)
}

#[test]
fn the_same_commit_gives_the_same_bytes_and_sums_that_are_right() {
    let Some(machine) = workshop() else { return };
    let first = release(&machine, "one", &[]);
    first.succeeds();
    first.says("glibc 2.34 or newer");
    first.says("The checksums are not signed");
    // Files that are new in the clone differ in time and not in the commit.
    machine.bash("touch clone/packaging/package/*").succeeds();
    release(&machine, "two", &[]).succeeds();
    let sums = |folder: &str| fs::read_to_string(machine.path(folder).join("SHA256SUMS")).unwrap();
    assert_eq!(sums("one"), sums("two"));
    assert_eq!(sums("one").lines().count(), 4, "{}", sums("one"));
    machine
        .bash("cd one && sha256sum --check --quiet SHA256SUMS")
        .succeeds();
    assert_eq!(machine.calls(), Vec::<String>::new(), "nothing was built");
}

#[test]
fn the_build_is_for_the_processor_that_was_named_and_hides_this_machines_folders() {
    let Some(mut machine) = workshop() else {
        return;
    };
    machine.set("CFLAGS", "-march=mine");
    machine.set("CARGO_BUILD_JOBS", "1");
    machine.set("GGML_NATIVE", "ON");
    let script = machine.path("clone/packaging/release.sh");
    let out = machine.path("dist");
    for (cpu, newer) in [("x86-64-v3", "ON"), ("x86-64-v2", "OFF")] {
        let arguments = ["--cpu", cpu, "--out", out.to_str().unwrap()];
        machine.script(&script, &arguments).succeeds();
        let read = |name: &str| fs::read_to_string(machine.path("home").join(name)).unwrap();
        let variables = read("built-with");
        let clone = machine.path("clone");
        for part in [
            format!("CARGO_ENCODED_RUSTFLAGS=-C\u{1f}target-cpu={cpu}\u{1f}"),
            format!(
                "\u{1f}--remap-path-prefix={}=/frontdesk\u{1f}",
                clone.display()
            ),
            format!("GGML_AVX2={newer}\n"),
            "GGML_NATIVE=OFF\n".to_owned(),
            "CARGO_BUILD_JOBS=1\n".to_owned(),
            "SOURCE_DATE_EPOCH=1767323045\n".to_owned(),
        ] {
            assert!(variables.contains(&part), "{part:?} is not in {variables}");
        }
        assert!(!variables.contains("CFLAGS="), "{variables}");
        let words = read("compiled-with");
        let map = format!("-ffile-prefix-map={}=/frontdesk\n", clone.display());
        assert!(
            words.contains(&map) && words.ends_with("-c\nx.c\n"),
            "{words}"
        );
    }
    let built = "cargo build --release --locked --bin frontdesk";
    assert_eq!(machine.calls(), [built, built]);
}

#[test]
fn a_tree_that_differs_from_its_commit_is_refused_and_the_file_named() {
    let Some(machine) = workshop() else { return };
    machine.write("clone/README.md", "changed");
    let run = release(&machine, "dist", &[]);
    run.fails();
    run.says("M README.md");
    assert!(!machine.path("dist").exists());
    release(&machine, "dist", &["--allow-dirty"]).succeeds();
}

#[test]
fn the_deb_holds_everything_as_root_and_is_filled_in() {
    let Some(machine) = workshop() else { return };
    release(&machine, "dist", &[]).succeeds();
    let deb = "dist/frontdesk_0.1.0-1_amd64.deb";
    let list = machine.bash(&format!("dpkg-deb -c {deb}"));
    for path in [
        "/usr/bin/frontdesk",
        "/usr/lib/systemd/system/frontdesk.service",
        "/etc/frontdesk/frontdesk.toml",
        "/usr/share/man/man1/frontdesk.1.gz",
        "/usr/share/bash-completion/completions/frontdesk",
        "/usr/share/zsh/vendor-completions/_frontdesk",
        "/usr/share/fish/vendor_completions.d/frontdesk.fish",
        "/usr/share/doc/frontdesk/copyright",
        "/usr/share/doc/frontdesk/THIRD-PARTY-LICENCES.txt.gz",
    ] {
        list.says(&format!(".{path}\n"));
    }
    for line in list.output.lines() {
        assert!(line.contains(" root/root "), "{line}");
        assert!(line.contains(" 2026-01-02 03:04 "), "{line}");
    }
    machine
        .bash(&format!("dpkg-deb -R {deb} unpacked"))
        .succeeds();
    let read = |path: &str| fs::read_to_string(machine.path("unpacked").join(path)).unwrap();
    let unit = read("usr/lib/systemd/system/frontdesk.service");
    assert!(unit.contains("ExecStart=\"/usr/bin/frontdesk\" serve\n"));
    assert!(
        read("DEBIAN/control").contains("Depends: libc6 (>= 2.34), libstdc++6 (>= 11), passwd\n")
    );
    for file in ["preinst", "postinst", "prerm", "postrm", "control"] {
        let text = read(&format!("DEBIAN/{file}"));
        assert!(!text.contains("@CPU"), "{file} is not filled in: {text}");
    }
}

#[test]
fn the_deb_is_not_unpacked_on_a_processor_that_cannot_run_it() {
    let Some(machine) = workshop() else { return };
    release(&machine, "dist", &[]).succeeds();
    machine.bash("dpkg-deb -e dist/*.deb control").succeeds();
    let preinst = "sh control/preinst install";
    machine.bash(preinst).succeeds();
    machine.write("cpuinfo", &MODERN.replace(" avx2 ", " "));
    let run = machine.bash(preinst);
    run.fails();
    run.says("lacks: avx2.");
    machine.write("cpuinfo", "");
    machine.bash(preinst).succeeds();
}

#[test]
fn c_parts_and_models_stand_in_the_list_of_parts_and_in_the_licences() {
    let Some(machine) = workshop() else { return };
    release(&machine, "dist", &[]).succeeds();
    let read = |name: &str| fs::read_to_string(machine.path("dist").join(name)).unwrap();
    let sbom = read("frontdesk-0.1.0.cdx.json");
    for part in [
        "\"libc-part\"",
        "\"1.2.3\"",
        "\"libgomp\"",
        "machine-learning-model",
        "2026-01-02T03:04:05Z",
    ] {
        assert!(sbom.contains(part), "{part} is not in {sbom}");
    }
    let licences = read("THIRD-PARTY-LICENCES.txt");
    for part in [
        "libc-part 1.2.3, MIT",
        "Copyright of the C part",
        "licences of crates",
    ] {
        assert!(licences.contains(part), "{part} is not in {licences}");
    }
    machine.write(
        "clone/packaging/release/parts.toml",
        &PARTS.replace("c-src", "gone-src"),
    );
    let run = release(&machine, "dist", &["--allow-dirty"]);
    run.fails();
    run.says("libc-part is said to be in gone-src");
}

#[test]
fn checksums_are_signed_by_the_key_that_is_named() {
    let Some(machine) = workshop() else { return };
    machine.command(
        "minisign",
        "while [ $# -gt 0 ]; do [ \"$1\" != -x ] || echo signed >\"$2\"; shift; done",
    );
    machine.write("own.key", "secret");
    let key = machine.path("own.key");
    release(&machine, "dist", &["--key", key.to_str().unwrap()]).succeeds();
    assert!(machine.path("dist/SHA256SUMS.minisig").exists());
    // Without a key no signature of other sums may stay.
    release(&machine, "dist", &[]).succeeds();
    assert!(!machine.path("dist/SHA256SUMS.minisig").exists());
    release(&machine, "dist", &["--key", "/nowhere"]).says("/nowhere cannot be read");
}

#[test]
fn the_tarball_installs_without_building_and_leaves_what_is_right_alone() {
    let Some(machine) = workshop() else { return };
    unpacked(&machine);
    install(&machine, &["--dry-run"]).says("Nothing was changed");
    assert!(!machine.path("own prefix").exists());
    install(&machine, &["--models", "lite"]).succeeds();
    for file in [
        "bin/frontdesk",
        "share/man/man1/frontdesk.1.gz",
        "share/zsh/site-functions/_frontdesk",
    ] {
        assert!(machine.path("own prefix").join(file).exists(), "{file}");
    }
    assert_eq!(machine.calls(), ["frontdesk models get --starter lite"]);
    let installed = || {
        machine
            .path("own prefix/bin/frontdesk")
            .metadata()
            .unwrap()
            .modified()
    };
    let before = installed().unwrap();
    install(&machine, &["--models", "none"]).succeeds();
    assert_eq!(installed().unwrap(), before);
}

#[test]
fn machines_that_cannot_run_the_package_are_told_what_they_lack() {
    let Some(machine) = workshop() else { return };
    let folder = unpacked(&machine);
    machine.write(
        "cpuinfo",
        &MODERN.replace(" avx2 ", " ").replace(" movbe ", " "),
    );
    let run = install(&machine, &[]);
    run.fails();
    run.says("This one lacks: avx2 movbe.");
    machine.write("cpuinfo", MODERN);
    machine.command("getconf", "echo glibc 2.31");
    install(&machine, &[]).says("This system has glibc 2.31; Frontdesk needs 2.34 or newer");
    machine.command("getconf", "exit 1");
    install(&machine, &[]).says("This system has no glibc");
    machine.command("getconf", "echo glibc 2.36");
    fs::write(folder.join("README.md"), "changed").unwrap();
    let run = install(&machine, &[]);
    run.fails();
    run.says("README.md: FAILED");
    assert!(!machine.path("own prefix").exists());
}

/// Gives three packages, as the archive would.
const DOWNLOAD: &str = r#"case " $* " in *" download "*) ;; *) exit 1 ;; esac
for name in libc6 libgcc-s1 libstdc++6; do
  mkdir -p "$HOME/$name/DEBIAN" "$HOME/$name/lib"
  echo "$name" >"$HOME/$name/lib/$name.so"
  printf 'Package: %s\nVersion: 1\nArchitecture: amd64\nMaintainer: a\nDescription: x\n' "$name" >"$HOME/$name/DEBIAN/control"
  dpkg-deb --build "$HOME/$name" "$PWD/${name}_1_amd64.deb" >/dev/null
done"#;

#[test]
fn the_image_has_the_libraries_and_the_program_and_sums_that_are_right() {
    let Some(machine) = workshop() else { return };
    machine.command("apt-get", DOWNLOAD);
    release(&machine, "one", &["--image"]).succeeds();
    release(&machine, "two", &["--image"]).succeeds();
    let image = "frontdesk-0.1.0-x86_64-v3.oci.tar";
    let bytes = |folder: &str| fs::read(machine.path(folder).join(image)).unwrap();
    assert!(bytes("one") == bytes("two"), "the same again");
    let script = format!(
        "set -e; mkdir image; tar -xf one/{image} -C image; cd image/blobs/sha256
        for blob in *; do echo \"$blob  $blob\"; done | sha256sum --check --quiet
        for blob in *; do tar -tvzf $blob 2>/dev/null || {{ cat $blob; echo; }}; done"
    );
    let list = machine.bash(&script);
    list.succeeds();
    for part in [
        " lib/libc6.so\n",
        " var/lib/dpkg/status.d/libstdc++6\n",
        " usr/bin/frontdesk\n",
        "\"Entrypoint\": [\"/usr/bin/frontdesk\"]",
        "\"User\": \"10001:10001\"",
    ] {
        list.says(part);
    }
    let data = list.output.lines().find(|line| line.ends_with(" data/"));
    let data = data.unwrap();
    assert!(data.starts_with("drwx------ 10001/10001 "), "{data}");
}

#[test]
fn wrong_options_of_packaging_are_named() {
    let Some(machine) = workshop() else { return };
    release(&machine, "dist", &["--frob"]).says("no option \"--frob\"");
    release(&machine, "dist", &["--cpu", "i386"]).says("no packages for \"i386\"");
    release(&machine, "dist", &["--key"]).says("--key needs a value");
    unpacked(&machine);
    install(&machine, &["--models", "huge"]).says("no set of models \"huge\"");
    install(&machine, &["--listen", "127.0.0.1:1"]).says("are for the service");
    install(&machine, &["--https", "desk.example.com"]).says("are for the service");
    install(&machine, &["--service", "--https", "a/b"]).says("is more than a name");
}

//! A made-up machine: a PATH of its own, in which only the named commands exist.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const INSTALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/install.sh");

/// Commands that are taken from the machine that runs the tests.
const REAL: &str = "awk bash cat chmod chown cmp cp cut date dirname du env find grep head id install ln ls mkdir \
    mktemp mv nproc od readlink rm sed sh sha256sum sleep sort tail tee test touch tr true wc";

/// Builds a "program" that writes down how it was called.
const CARGO: &str = r#"[ "$1" = build ] || exit 0
echo "cargo $*" >>"$CALLS"
mkdir -p "$CARGO_TARGET_DIR/release"
cat >"$CARGO_TARGET_DIR/release/frontdesk" <<'PROGRAM'
#!/bin/sh
echo "frontdesk $*" >>"$CALLS"
[ "$1" != models ] || [ -z "$MODELS_FAIL" ]
PROGRAM
chmod +x "$CARGO_TARGET_DIR/release/frontdesk""#;

pub(crate) struct Machine {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// How a run ended, and all it said.
pub(crate) struct Run {
    status: Option<i32>,
    pub(crate) output: String,
}

impl Machine {
    /// A Debian 12 on which everything is there, and nothing is built.
    pub(crate) fn new() -> Self {
        let machine = Self {
            folder: TempDir::new().unwrap(),
            variables: Vec::new(),
        };
        fs::create_dir_all(machine.path("bin")).unwrap();
        fs::create_dir_all(machine.path("home")).unwrap();
        for name in REAL.split_whitespace() {
            symlink(find(name), machine.path("bin").join(name)).unwrap();
        }
        for name in [
            "cc",
            "c++",
            "make",
            "ld",
            "objcopy",
            "clang",
            "pkg-config",
            "perl",
            "python3",
        ] {
            machine.command(name, "exit 0");
        }
        machine.command("cmake", "echo cmake version 3.25.1");
        machine.command("rustc", "echo 'rustc 1.99.0 (x)'");
        machine.command("cargo", CARGO);
        machine.command("apt-get", "echo \"apt-get $*\" >>\"$CALLS\"");
        machine.command("apt-cache", "exit 0");
        machine.command("sudo", "[ \"$1\" = -n ] && shift; exec \"$@\"");
        machine.command("uname", "[ \"$1\" = -m ] && echo x86_64 || echo Linux");
        machine.command("getconf", "echo 64");
        machine.command("ldd", "echo 'ldd (Debian GLIBC 2.36)'");
        machine.command("df", "printf 'h\\n/dev/x 100000 50 90000 50%% /\\n'");
        machine.write(
            "os-release",
            "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
        );
        machine.write("meminfo", "MemTotal:       16000000 kB\n");
        machine
    }

    pub(crate) fn path(&self, inner: &str) -> PathBuf {
        self.folder.path().join(inner)
    }

    pub(crate) fn write(&self, inner: &str, text: &str) {
        let path = self.path(inner);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn command(&self, name: &str, body: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn remove(&self, command: &str) {
        fs::remove_file(self.path("bin").join(command)).unwrap();
    }

    /// Takes further commands from the machine that runs the tests, in place of made-up ones.
    pub(crate) fn link(&self, names: &str) {
        for name in names.split_whitespace() {
            let place = self.path("bin").join(name);
            let _not_there = fs::remove_file(&place);
            symlink(find(name), place).unwrap();
        }
    }

    /// The one who runs the installer is not root.
    pub(crate) fn as_user(&self) {
        self.remove("id");
        self.command("id", "echo 1000");
    }

    pub(crate) fn set(&mut self, variable: &str, value: &str) {
        self.variables.push((variable.to_owned(), value.to_owned()));
    }

    /// Runs `install.sh`; the program goes into a folder with a space in its name.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let prefix = self.path("prefix dir");
        let mut command = self.environment();
        command
            .arg(INSTALL)
            .args(["--prefix", prefix.to_str().unwrap()])
            .args(arguments);
        finish(command)
    }

    /// Runs another script of this machine.
    pub(crate) fn script(&self, path: &Path, arguments: &[&str]) -> Run {
        let mut command = self.environment();
        command.arg(path).args(arguments);
        finish(command)
    }

    /// Runs a script that can read `install.sh` as `$INSTALL`.
    pub(crate) fn bash(&self, script: &str) -> Run {
        let mut command = self.environment();
        command.env("INSTALL", INSTALL).arg("-c").arg(script);
        finish(command)
    }

    /// What was called that changes the machine, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(String::from).collect()
    }

    fn environment(&self) -> Command {
        let bin = self.path("bin");
        let mut command = Command::new("bash");
        command
            .env_clear()
            .env("PATH", &bin)
            .env("BIN", &bin)
            .env("HOME", self.path("home"))
            .env("CALLS", self.path("calls"))
            .env("OS_RELEASE", self.path("os-release"))
            .env("MEMINFO", self.path("meminfo"))
            .env("LIBCLANG_PATH", &bin)
            .env("SSL_CERT_FILE", self.path("meminfo"))
            .envs(self.variables.iter().cloned())
            .current_dir(self.folder.path())
            .stdin(std::process::Stdio::null());
        command
    }
}

impl Run {
    pub(crate) fn succeeds(&self) {
        assert_eq!(self.status, Some(0), "{}", self.output);
    }

    pub(crate) fn went_well(&self) -> bool {
        self.status == Some(0)
    }

    pub(crate) fn fails(&self) {
        assert_eq!(self.status, Some(1), "{}", self.output);
    }

    pub(crate) fn says(&self, part: &str) {
        assert!(
            self.output.contains(part),
            "{part:?} is not in:\n{}",
            self.output
        );
    }
}

fn finish(mut command: Command) -> Run {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Run {
        status: output.status.code(),
        output: String::from_utf8_lossy(&said).into_owned(),
    }
}

/// Whether the machine that runs the tests has this command.
pub(crate) fn is_there(name: &str) -> bool {
    places(name).any(|path| path.exists())
}

fn find(name: &str) -> PathBuf {
    let found = places(name).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("the tests need the command {name}"))
}

fn places(name: &str) -> impl Iterator<Item = PathBuf> {
    ["/usr/bin", "/bin", "/usr/local/bin"]
        .map(|folder| Path::new(folder).join(name))
        .into_iter()
}

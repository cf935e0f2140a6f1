//! Downloads from a model hub: HTTPS with resume.

use std::fs::{self, OpenOptions};
use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{CONTENT_RANGE, ETAG, LOCATION, RANGE};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use sha1::{Digest, Sha1};
use tokio::runtime::Builder;

use super::Options;
use super::job::Job;
use crate::models::ModelError;
use crate::models::entry::Extra;
use crate::reason::Reason;

/// After this long without data the connection is dropped and the download resumed.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// For the question whether the hub answers at all.
const ASK_TIMEOUT: Duration = Duration::from_secs(8);
/// Give up after this many attempts in a row without a new byte.
const ATTEMPTS: u32 = 4;
const MOST_REDIRECTS: usize = 5;
/// Extras are vocabularies and configurations; those of models of 100 languages have 17 MB.
const MOST_EXTRA_BYTES: u64 = 32 << 20;
/// The header in which the hub names a large file's SHA-256 in response to HEAD.
const LINKED_ETAG: &str = "x-linked-etag";

/// Downloads `url` to `target`, resuming a partial download. Returns the SHA-256.
pub(super) fn download(job: &Job, url: &str, target: &Path) -> Result<String, ModelError> {
    let (pinned, bytes) = job.entry.expected(job.source);
    let url = address(job.options, url)?;
    let resumed = fs::metadata(target).is_ok_and(|meta| meta.len() > 0);
    let expected = block_on(async {
        let client = client(job)?;
        let expected = match pinned {
            Some(sha256) => sha256.to_owned(),
            None => match fetch_hash(job, &url).await? {
                Named::Sha256(hash) => hash,
                Named::GitBlob(_) => return Err(source_error(&url, NOT_NAMED)),
            },
        };
        for extra in &job.source.extra {
            fetch_extra(job, &client, extra).await?;
        }
        fetch_with_retries(job, &client, &url, target, bytes).await?;
        Ok(expected)
    })?;
    let found = job.hash(target)?;
    if resumed && found != expected {
        // The first part may be from an older version of the file: start over once.
        fs::remove_file(target).map_err(|e| ModelError::io(target, e))?;
        block_on(async { fetch_with_retries(job, &client(job)?, &url, target, bytes).await })?;
        let found = job.hash(target)?;
        Job::check_hash(target, &expected, &found)?;
        return Ok(found);
    }
    Job::check_hash(target, &expected, &found)?;
    Ok(found)
}

/// Runs on a separate thread, so that callers may be inside or outside of an async runtime.
fn block_on<T: Send>(
    work: impl Future<Output = Result<T, ModelError>> + Send,
) -> Result<T, ModelError> {
    let run = || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| ModelError::io(Path::new("the network"), e))?;
        let result = runtime.block_on(work);
        // A hanging DNS lookup must not delay the next source.
        runtime.shutdown_background();
        result
    };
    std::thread::scope(|scope| match scope.spawn(run).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

async fn fetch_with_retries(
    job: &Job<'_>,
    client: &Client,
    url: &Url,
    target: &Path,
    bytes: Option<u64>,
) -> Result<(), ModelError> {
    let mut attempt = 0;
    loop {
        let before = length(target);
        if bytes == Some(before) && before > 0 {
            return Ok(());
        }
        let outcome = tokio::select! {
            outcome = try_download(job, client, url, target, bytes) => outcome,
            () = job.cancel.cancelled() => Err(Attempt::Over(ModelError::Interrupted)),
        };
        let error = match outcome {
            Ok(()) => return Ok(()),
            Err(Attempt::Over(error)) => return Err(error),
            Err(Attempt::Again(error)) => error,
        };
        attempt = if length(target) > before {
            0
        } else {
            attempt + 1
        };
        if attempt >= ATTEMPTS {
            return Err(error);
        }
        tracing::debug!(%error, attempt, "a download is resumed");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1 << attempt)) => {}
            () = job.cancel.cancelled() => return Err(ModelError::Interrupted),
        }
    }
}

/// Why an attempt failed, and whether a retry may help.
enum Attempt {
    Over(ModelError),
    Again(ModelError),
}

async fn try_download(
    job: &Job<'_>,
    client: &Client,
    url: &Url,
    target: &Path,
    bytes: Option<u64>,
) -> Result<(), Attempt> {
    let over = |e| Attempt::Over(ModelError::io(target, e));
    let have = length(target);
    let mut request = client.get(url.clone());
    if have > 0 {
        request = request.header(RANGE, format!("bytes={have}-"));
    }
    let response = request.send().await.map_err(|e| request_error(url, e))?;
    let continues = match response.status() {
        StatusCode::PARTIAL_CONTENT => starts_at(&response, have),
        StatusCode::OK => false,
        StatusCode::RANGE_NOT_SATISFIABLE => {
            // The server has nothing after our last byte. If the size is right or unknown, the
            // hash decides; if it is wrong, start over.
            if bytes.is_none_or(|bytes| bytes == have) {
                return Ok(());
            }
            fs::remove_file(target).map_err(over)?;
            return Err(Attempt::Again(source_error(url, "it has another size")));
        }
        status => return Err(status_error(url, status)),
    };
    if response.status() == StatusCode::PARTIAL_CONTENT && !continues {
        fs::remove_file(target).map_err(over)?;
        return Err(Attempt::Again(source_error(
            url,
            "it sent another part than asked for",
        )));
    }
    let mut done = if continues { have } else { 0 };
    let mut open = OpenOptions::new();
    open.create(true)
        .write(true)
        .append(continues)
        .truncate(!continues);
    let mut file = open.open(target).map_err(over)?;
    let mut body = response.bytes_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|e| Attempt::Again(source_error(url, root_cause(e))))?;
        done += piece.len() as u64;
        if bytes.is_some_and(|bytes| done > bytes) {
            drop(file);
            fs::remove_file(target).map_err(over)?;
            return Err(Attempt::Over(source_error(
                url,
                "the file there is larger than it should be",
            )));
        }
        file.write_all(&piece).map_err(over)?;
        job.report_download(done);
    }
    if bytes.is_some_and(|bytes| done < bytes) {
        return Err(Attempt::Again(source_error(
            url,
            "it stopped in the middle of the file",
        )));
    }
    Ok(())
}

async fn fetch_extra(job: &Job<'_>, client: &Client, extra: &Extra) -> Result<(), ModelError> {
    let url = address(job.options, &extra.at)?;
    let path = job.extra_path(extra);
    let get = async {
        let unwrap = |attempt| match attempt {
            Attempt::Over(error) | Attempt::Again(error) => error,
        };
        let answer = client
            .get(url.clone())
            .send()
            .await
            .map_err(|e| unwrap(request_error(&url, e)))?;
        if !answer.status().is_success() {
            return Err(unwrap(status_error(&url, answer.status())));
        }
        let mut content = Vec::new();
        let mut body = answer.bytes_stream();
        while let Some(piece) = body.next().await {
            content.extend_from_slice(&piece.map_err(|e| source_error(&url, root_cause(e)))?);
            if content.len() as u64 > MOST_EXTRA_BYTES {
                return Err(source_error(
                    &url,
                    "the file there is larger than it should be",
                ));
            }
        }
        Ok(content)
    };
    let content = tokio::select! {
        content = get => content?,
        () = job.cancel.cancelled() => return Err(ModelError::Interrupted),
    };
    let git_blob = git_blob_id(&content);
    fs::write(&path, content).map_err(|e| ModelError::io(&path, e))?;
    let expected = match &extra.sha256 {
        Some(sha256) => Named::Sha256(sha256.clone()),
        None => fetch_hash(job, &url).await?,
    };
    match expected {
        Named::Sha256(expected) => Job::check_hash(&path, &expected, &job.hash(&path)?),
        Named::GitBlob(expected) if expected == git_blob => Ok(()),
        Named::GitBlob(_) => {
            fs::remove_file(&path).map_err(|e| ModelError::io(&path, e))?;
            let told = "what it sent is not the file that it names; fetch it again";
            Err(source_error(&url, told))
        }
    }
}

/// What a hub names a file by.
enum Named {
    /// In hex; of every large file.
    Sha256(String),
    /// Git's id of its content, in hex; of small files.
    GitBlob(String),
}

const NOT_NAMED: &str = "it does not name the SHA-256 of the file, so it could not be checked";

impl Named {
    fn of(etag: &str) -> Option<Self> {
        let hash = etag.trim_start_matches("W/").trim_matches('"');
        match hex::decode(hash).ok()?.len() {
            32 => Some(Self::Sha256(hash.to_lowercase())),
            20 => Some(Self::GitBlob(hash.to_lowercase())),
            _ => None,
        }
    }
}

/// Git's id of a file's content: the SHA-1 of `blob`, its length and itself.
fn git_blob_id(content: &[u8]) -> String {
    let mut hasher = Sha1::new_with_prefix(format!("blob {}\0", content.len()));
    hasher.update(content);
    hex::encode(hasher.finalize())
}

/// Asks the hub for the file's hash. It is in the hub's own response, before the redirect to the
/// storage server; a renamed repository first redirects within the hub.
async fn fetch_hash(job: &Job<'_>, url: &Url) -> Result<Named, ModelError> {
    let client = builder(job.options)
        .redirect(redirect::Policy::none())
        .build();
    let client = client.map_err(|e| source_error(url, root_cause(e)))?;
    let mut url = url.clone();
    for _ in 0..MOST_REDIRECTS {
        let answer = tokio::select! {
            answer = client.head(url.clone()).send() => answer,
            () = job.cancel.cancelled() => return Err(ModelError::Interrupted),
        };
        let answer = answer.map_err(|e| match request_error(&url, e) {
            Attempt::Over(error) | Attempt::Again(error) => error,
        })?;
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let linked = header(LINKED_ETAG).and_then(Named::of);
        if let Some(named) = linked.or_else(|| header(ETAG.as_str()).and_then(Named::of)) {
            return Ok(named);
        }
        let next = header(LOCATION.as_str()).and_then(|to| url.join(to).ok());
        match next.filter(|next| answer.status().is_redirection() && next.host() == url.host()) {
            Some(next) => url = next,
            None if answer.status().is_success() || answer.status().is_redirection() => break,
            None => match status_error(&url, answer.status()) {
                Attempt::Over(error) | Attempt::Again(error) => return Err(error),
            },
        }
    }
    Err(source_error(&url, NOT_NAMED))
}

/// The host that is asked, and whether it has the file.
pub(super) fn answers(url: &str, options: &Options) -> Option<(String, bool)> {
    let url = address(options, url).ok()?;
    let host = url.host_str()?.to_owned();
    let ask = async {
        let client = builder(options).redirect(redirect::Policy::none()).build();
        let client = client.map_err(|e| source_error(&url, root_cause(e)))?;
        let asked = client.head(url.clone()).timeout(ASK_TIMEOUT).send().await;
        let status = asked
            .map_err(|e| source_error(&url, root_cause(e)))?
            .status();
        Ok(status.is_success() || status.is_redirection())
    };
    let has_it =
        block_on(ask).inspect_err(|error| tracing::debug!(%error, "the hub does not answer"));
    Some((host, has_it.unwrap_or(false)))
}

fn client(job: &Job) -> Result<Client, ModelError> {
    builder(job.options)
        .build()
        .map_err(|e| ModelError::NoNetwork {
            tried: "the model hub".into(),
            reason: root_cause(e),
        })
}

fn builder(options: &Options) -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.connect_timeout)
        .read_timeout(READ_TIMEOUT)
        .redirect(redirect::Policy::limited(MOST_REDIRECTS))
        // Only a mirror on the owner's network may use plain HTTP.
        .https_only(options.mirror.is_none())
}

/// Parses the URL and moves it to the mirror, if there is one.
fn address(options: &Options, url: &str) -> Result<Url, ModelError> {
    let wrong = |url: &str, e: url::ParseError| ModelError::SourceFailed {
        source_name: url.to_owned(),
        reason: Reason::told(format!("it is not a valid address ({e})"), e),
    };
    let url = Url::parse(url).map_err(|e| wrong(url, e))?;
    let Some(mirror) = &options.mirror else {
        return Ok(url);
    };
    let path = format!("{}{}", mirror.trim_end_matches('/'), url.path());
    Url::parse(&path).map_err(|e| wrong(mirror, e))
}

fn starts_at(response: &Response, offset: u64) -> bool {
    let range = response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-")))
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

/// A failed connection is not retried, since the next source may be reachable.
fn request_error(url: &Url, error: reqwest::Error) -> Attempt {
    if error.is_connect() || error.is_builder() {
        let tried = url.host_str().unwrap_or("the model hub").to_owned();
        return Attempt::Over(ModelError::NoNetwork {
            tried,
            reason: root_cause(error),
        });
    }
    Attempt::Again(source_error(url, root_cause(error)))
}

fn status_error(url: &Url, status: StatusCode) -> Attempt {
    let hint = match status.as_u16() {
        401 | 403 => ". The licence of this model may have to be accepted on the hub first",
        404 => ". The file is no longer there; choose another model",
        _ => "",
    };
    let error = source_error(url, format!("it answered {status}{hint}"));
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        Attempt::Again(error)
    } else {
        Attempt::Over(error)
    }
}

fn source_error(url: &Url, reason: impl Into<Reason>) -> ModelError {
    ModelError::SourceFailed {
        source_name: url.to_string(),
        reason: reason.into(),
    }
}

/// The innermost cause; the outer ones only repeat the URL.
fn root_cause(error: reqwest::Error) -> Reason {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    Reason::told(cause.to_string(), error)
}

//! Fixtures for the fetch tests: a cache in a temporary folder, a package client that is a
//! shell script, and a hub on this machine.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::models::{Cache, CancellationToken, Catalogue, Entry, ModelError, Options, fetch};

pub(super) fn content() -> Vec<u8> {
    (0..300_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect()
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

pub(super) fn entry(hash: Option<&str>, bytes: usize, sources: &str) -> Entry {
    let hash = hash
        .map(|hash| format!("sha256 = \"{hash}\""))
        .unwrap_or_default();
    let text = format!(
        "[[model]]\nname = \"m\"\ntitle = \"M\"\nrole = \"vad\"\nlicence = \"MIT\"\n\
         file = \"m.onnx\"\nbytes = {bytes}\nmemory_mb = 1\n{hash}\n{sources}"
    );
    Catalogue::parse(&text).unwrap().find("m").unwrap().clone()
}

pub(super) const HUB: &str =
    "[[model.source]]\nkind = \"hub\"\nurl = \"https://hub.example/m.onnx\"\n";
pub(super) const PACKAGES: &str = "[[model.source]]\nkind = \"python\"\npackage = \"m-part{n}\"\n\
                        version = \"1.0\"\nparts = 11\nmember = \"data/part{nn}.bin\"\n";

pub(super) struct Fixture {
    pub(super) folder: TempDir,
    pub(super) cache: Cache,
    pub(super) options: Options,
    pub(super) cancel: CancellationToken,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("models"));
        let options = Options {
            mirror: Some("http://127.0.0.1:1".into()),
            python: Some(folder.path().join("no-python")),
            ..Options::default()
        };
        Self {
            folder,
            cache,
            options,
            cancel: CancellationToken::new(),
        }
    }

    pub(super) fn fetch(&self, entry: &Entry) -> Result<PathBuf, ModelError> {
        fetch(entry, &self.cache, &self.options, &|_| (), &self.cancel)
    }

    /// A client that copies wheels from a folder and logs each call; `before` runs first.
    pub(super) fn python(&mut self, before: &str) {
        let script = self.folder.path().join("python");
        let here = self.folder.path().display();
        // The arguments end with: --dest FOLDER NAME==VERSION
        let text = format!(
            "#!/bin/sh\n[ \"$3\" = --version ] && exit 0\n{before}\n\
             while [ $# -gt 2 ]; do shift; done\nmkdir -p \"$1\"\nname=\"${{2%%==*}}\"\n\
             echo \"$name\" >> {here}/calls\ncp {here}/\"$name.whl\" \"$1/$name.whl\"\n"
        );
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        self.options.python = Some(script);
    }

    pub(super) fn wheel(&self, name: &str, members: &[(&str, &[u8])]) {
        let file = File::create(self.folder.path().join(format!("{name}.whl"))).unwrap();
        let mut archive = zip::ZipWriter::new(file);
        for (member, bytes) in members {
            let options = zip::write::SimpleFileOptions::default();
            archive.start_file(*member, options).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap();
    }

    pub(super) fn eleven_wheels(&self, content: &[u8]) {
        for (piece, part) in content.chunks(content.len().div_ceil(11)).zip(1..) {
            let member = format!("m/data/part{part:02}.bin");
            self.wheel(&format!("m-part{part}"), &[(member.as_str(), piece)]);
        }
    }

    pub(super) fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// A hub that supports ranges, names hashes, and may cut off its first response.
#[derive(Clone)]
pub(super) struct Hub {
    content: Arc<Vec<u8>>,
    /// Small files by the end of their path, each with what the hub calls it by.
    small: Arc<Vec<SmallFile>>,
    break_at: usize,
    answers: Arc<AtomicUsize>,
    pub(super) ranges: Arc<Mutex<Vec<String>>>,
}

/// A file that a hub keeps in git itself.
pub(super) struct SmallFile {
    pub(super) path: &'static str,
    pub(super) content: &'static [u8],
    /// The header `etag`.
    pub(super) etag: &'static str,
}

impl Hub {
    pub(super) fn start(content: Vec<u8>, break_at: usize) -> (Self, String) {
        Self::start_with(content, break_at, Vec::new())
    }

    pub(super) fn start_with(
        content: Vec<u8>,
        break_at: usize,
        small: Vec<SmallFile>,
    ) -> (Self, String) {
        let hub = Self {
            content: Arc::new(content),
            small: Arc::new(small),
            break_at,
            answers: Arc::default(),
            ranges: Arc::default(),
        };
        let app = Router::new().fallback(answer).with_state(hub.clone());
        let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, app).await.unwrap();
            });
        });
        (hub, format!("http://{address}"))
    }
}

async fn answer(State(hub): State<Hub>, request: Request) -> Response<Body> {
    let all = hub.content.as_slice();
    let answer = Response::builder();
    let path = request.uri().path();
    if let Some(file) = hub.small.iter().find(|file| path.ends_with(file.path)) {
        let answer = answer.header("etag", format!("\"{}\"", file.etag));
        return answer.body(Body::from(file.content)).unwrap();
    }
    if request.method() == Method::HEAD {
        let etag = format!("\"{}\"", sha256(all));
        let answer = answer
            .status(StatusCode::FOUND)
            .header("x-linked-etag", etag);
        return answer
            .header("location", "https://bytes.example/")
            .body(Body::empty())
            .unwrap();
    }
    let range = request
        .headers()
        .get("range")
        .map(|r| r.to_str().unwrap().to_owned());
    hub.ranges.lock().unwrap().extend(range.clone());
    let from: usize = range.map_or(0, |r| {
        r.trim_start_matches("bytes=")
            .trim_end_matches('-')
            .parse()
            .unwrap()
    });
    let rest = all.get(from..).unwrap_or_default().to_vec();
    let answer = if from > 0 {
        let range = format!("bytes {from}-{}/{}", all.len() - 1, all.len());
        answer
            .status(StatusCode::PARTIAL_CONTENT)
            .header("content-range", range)
    } else {
        answer
    };
    if hub.answers.fetch_add(1, Ordering::SeqCst) == 0 && hub.break_at > 0 {
        let first = bytes::Bytes::from(rest[..hub.break_at].to_vec());
        let pieces = vec![Ok(first), Err(std::io::Error::other("broken off"))];
        return answer
            .body(Body::from_stream(futures::stream::iter(pieces)))
            .unwrap();
    }
    answer.body(Body::from(rest)).unwrap()
}

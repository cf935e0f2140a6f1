//! An S3 server for tests: it computes each signature (Signature Version 4, of addresses) itself and refuses
//! requests that do not match.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(in crate::app::backup) const ACCESS: &str = "AKIDEXAMPLE";
pub(in crate::app::backup) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(in crate::app::backup) const REGION: &str = "eu-test-1";
pub(in crate::app::backup) const BUCKET: &str = "desk";

#[derive(Default)]
pub(in crate::app::backup) struct Inside {
    pub(in crate::app::backup) objects: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, BTreeMap<u16, Vec<u8>>>,
    /// Method and path of each request whose signature was right.
    pub(in crate::app::backup) asked: Vec<String>,
    /// Whether it flips a byte of what it stores, like a bad disk.
    pub(in crate::app::backup) spoils: bool,
    /// Whether it refuses everything.
    pub(in crate::app::backup) refuses: bool,
    /// Most files per page of a list.
    pub(in crate::app::backup) page: usize,
}

#[derive(Clone)]
pub(in crate::app::backup) struct Storage {
    pub(in crate::app::backup) port: u16,
    pub(in crate::app::backup) inside: Arc<Mutex<Inside>>,
    serving: Arc<JoinHandle<()>>,
}

impl Drop for Storage {
    fn drop(&mut self) {
        if Arc::strong_count(&self.serving) == 1 {
            self.serving.abort();
        }
    }
}

impl Storage {
    pub(in crate::app::backup) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inside = Arc::new(Mutex::new(Inside {
            page: 1000,
            ..Inside::default()
        }));
        let router = Router::new()
            .fallback(answer)
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(Arc::clone(&inside));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            port,
            inside,
            serving: Arc::new(serving),
        }
    }

    pub(in crate::app::backup) fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn error(status: StatusCode, code: &str) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>So it is.</Message></Error>"
    );
    (status, xml).into_response()
}

async fn answer(
    State(inside): State<Arc<Mutex<Inside>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut inside = inside.lock().unwrap();
    if inside.refuses {
        return error(StatusCode::FORBIDDEN, "AccessDenied");
    }
    let query = pairs(uri.query().unwrap_or_default());
    if !is_signed(&method, &uri, &headers, &query) {
        return error(StatusCode::FORBIDDEN, "SignatureDoesNotMatch");
    }
    inside.asked.push(format!("{method} {}", uri.path()));
    let Some(key) = uri.path().strip_prefix(&format!("/{BUCKET}/")) else {
        return error(StatusCode::NOT_FOUND, "NoSuchBucket");
    };
    let key = percent_encoding::percent_decode_str(key).decode_utf8_lossy();
    let one = |name: &str| {
        let found = query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    match (method.as_str(), one("uploadId"), one("uploads")) {
        ("GET", ..) if key.is_empty() => list(&inside, &one),
        ("GET", ..) => match inside.objects.get(key.as_ref()) {
            Some(bytes) => bytes.clone().into_response(),
            None => error(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        ("POST", None, Some(_)) => {
            let id = format!("upload-{}", inside.asked.len());
            inside.uploads.insert(id.clone(), BTreeMap::new());
            format!("<InitiateMultipartUploadResult xmlns=\"{NS}\"><UploadId>{id}</UploadId></InitiateMultipartUploadResult>")
                .into_response()
        }
        ("PUT", Some(id), _) => {
            let number: u16 = one("partNumber").unwrap().parse().unwrap();
            let parts = inside.uploads.get_mut(&id).unwrap();
            parts.insert(number, body.to_vec());
            [("etag", format!("\"tag-{number}\""))].into_response()
        }
        ("POST", Some(id), _) => {
            let parts = inside.uploads.remove(&id).unwrap();
            let named = String::from_utf8_lossy(&body)
                .matches("<PartNumber>")
                .count();
            if named != parts.len() || !String::from_utf8_lossy(&body).contains("tag-1") {
                // An error after status 200, as real S3 sends it.
                return (
                    StatusCode::OK,
                    "<Error><Code>InvalidPart</Code><Message>No.</Message></Error>",
                )
                    .into_response();
            }
            let whole = parts.into_values().flatten().collect();
            store(&mut inside, &key, whole);
            format!("<CompleteMultipartUploadResult xmlns=\"{NS}\"><ETag>\"x\"</ETag></CompleteMultipartUploadResult>")
                .into_response()
        }
        ("DELETE", Some(id), _) => {
            inside.uploads.remove(&id);
            StatusCode::NO_CONTENT.into_response()
        }
        ("PUT", ..) => {
            store(&mut inside, &key, body.to_vec());
            StatusCode::OK.into_response()
        }
        ("DELETE", ..) => {
            inside.objects.remove(key.as_ref());
            StatusCode::NO_CONTENT.into_response()
        }
        _ => error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
    }
}

const NS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

fn store(inside: &mut Inside, key: &str, mut bytes: Vec<u8>) {
    if inside.spoils
        && let Some(byte) = bytes.get_mut(7)
    {
        *byte ^= 1;
    }
    inside.objects.insert(key.to_owned(), bytes);
}

fn list(inside: &Inside, one: &dyn Fn(&str) -> Option<String>) -> Response {
    let prefix = one("prefix").unwrap_or_default();
    let after = one("continuation-token").unwrap_or_default();
    let fits = |(key, _): &(&String, &Vec<u8>)| key.starts_with(&prefix) && **key > after;
    let mut found: Vec<_> = inside.objects.iter().filter(fits).collect();
    let is_cut = found.len() > inside.page;
    found.truncate(inside.page);
    let mut xml = format!("<ListBucketResult xmlns=\"{NS}\"><IsTruncated>{is_cut}</IsTruncated>");
    for (key, bytes) in &found {
        let size = bytes.len();
        xml += &format!("<Contents><Key>{key}</Key><Size>{size}</Size></Contents>");
    }
    if let Some((last, _)) = found.last().filter(|_| is_cut) {
        xml += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
    }
    (xml + "</ListBucketResult>").into_response()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// RFC 3986 encoding, as the signature requires.
fn encode(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}

/// Whether the signature of an address is right ("Authenticating Requests: Using Query Parameters" in the S3 reference).
fn is_signed(method: &Method, uri: &Uri, headers: &HeaderMap, query: &[(String, String)]) -> bool {
    let one = |name: &str| {
        let found = query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let (date, given) = (one("X-Amz-Date"), one("X-Amz-Signature"));
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    if one("X-Amz-Credential") != format!("{ACCESS}/{scope}")
        || one("X-Amz-SignedHeaders") != "host"
    {
        return false;
    }
    let mut signed: Vec<String> = query
        .iter()
        .filter(|(key, _)| key != "X-Amz-Signature")
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
        .collect();
    signed.sort();
    let host = headers.get("host").unwrap().to_str().unwrap();
    let canonical = format!(
        "{method}\n{}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD",
        uri.path(),
        signed.join("&")
    );
    let hash = hex::encode(Sha256::digest(canonical));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let key = keyed(format!("AWS4{SECRET}").as_bytes(), day);
    let key = keyed(&keyed(&keyed(&key, REGION), "s3"), "aws4_request");
    hex::encode(keyed(&key, &text)) == given
}

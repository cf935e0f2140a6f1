//! The host of attachments.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;

use super::KommoFake;
use super::gate::reply;

/// What lies at `/attachments/NAME`.
#[derive(Debug, Clone)]
pub enum File {
    Ogg(Vec<u8>),
    /// It comes after a while.
    Slow(Duration),
    /// So many bytes that begin like sound.
    Large(usize),
    /// A page to sign in.
    Html,
    Redirect(String),
    Missing,
}

/// Bytes that begin as an Ogg file with Opus does (RFC 7845).
pub fn ogg() -> Vec<u8> {
    let mut bytes =
        b"OggS\x00\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead".to_vec();
    bytes.resize(256, 0);
    bytes
}

pub(super) async fn serve(fake: &KommoFake, name: &str) -> Response {
    let file = fake.world().files.get(name).cloned();
    match file {
        Some(File::Ogg(bytes)) => reply(200, "audio/ogg", bytes),
        Some(File::Slow(wait)) => {
            tokio::time::sleep(wait).await;
            reply(200, "audio/ogg", ogg())
        }
        Some(File::Large(size)) => {
            let mut bytes = ogg();
            bytes.resize(size, 0);
            // Without a length, so that it has to be counted.
            let parts: Vec<Result<Vec<u8>, std::io::Error>> = bytes
                .chunks(1 << 20)
                .map(|part| Ok(part.to_vec()))
                .collect();
            reply(
                200,
                "audio/ogg",
                Body::from_stream(futures::stream::iter(parts)),
            )
        }
        Some(File::Html) => reply(
            200,
            "audio/ogg",
            "<!DOCTYPE html><html><body>Sign in</body></html>",
        ),
        Some(File::Redirect(to)) => Response::builder()
            .status(302)
            .header("location", to)
            .body(Body::empty())
            .unwrap(),
        Some(File::Missing) | None => reply(404, "text/html", "<h1>Not Found</h1>"),
    }
}

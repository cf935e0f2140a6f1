//! Style sheets, scripts and images of the pages, embedded in the binary.
//!
//! One hash over all of them is part of every address (`/assets/<hash>/css/base.css`). So a browser
//! may keep them for good, and the modules import each other by relative paths without a build step.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// For the current hash: the content never changes, so browsers need not ask again.
const KEEP: &str = "public, max-age=31536000, immutable";
/// For another hash, from a page that was open during an update: browsers must ask every time.
const ASK: &str = "no-cache";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/assets/console/css"]
#[prefix = "css/"]
struct Styles;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/assets/console/js"]
#[prefix = "js/"]
struct Scripts;

const LOGO: &[u8] = include_bytes!("../../../assets/logo.svg");
const ICONS: &[u8] = include_bytes!("../../../assets/console/icons.svg");

static BUNDLE: LazyLock<Bundle> = LazyLock::new(Bundle::load);

struct Asset {
    bytes: Cow<'static, [u8]>,
    media_type: String,
}

struct Bundle {
    /// The first 16 hex digits of the SHA-256 over all names and contents.
    hash: String,
    files: BTreeMap<Cow<'static, str>, Asset>,
}

impl Bundle {
    fn load() -> Self {
        let styles = Styles::iter().filter_map(|name| Some((Styles::get(&name)?.data, name)));
        let scripts = Scripts::iter().filter_map(|name| Some((Scripts::get(&name)?.data, name)));
        let images = [
            (Cow::Borrowed(LOGO), Cow::Borrowed("logo.svg")),
            (Cow::Borrowed(ICONS), Cow::Borrowed("icons.svg")),
        ];
        let files: BTreeMap<_, _> = styles
            .chain(scripts)
            .chain(images)
            .map(|(bytes, name)| {
                let media_type = media_type(&name);
                (name, Asset { bytes, media_type })
            })
            .collect();
        let mut digest = Sha256::new();
        for (name, asset) in &files {
            digest.update(name.as_bytes());
            digest.update(asset.bytes.len().to_le_bytes());
            digest.update(&asset.bytes);
        }
        let hash = hex::encode(digest.finalize()).chars().take(16).collect();
        Self { hash, files }
    }
}

/// Text is UTF-8 here, and browsers refuse modules that are not labelled JavaScript.
fn media_type(name: &str) -> String {
    let guessed = mime_guess::from_path(name).first_or_octet_stream();
    if guessed.type_() == "text" {
        format!("{guessed}; charset=utf-8")
    } else {
        guessed.to_string()
    }
}

/// The address of an asset, from its path within the bundle (`css/base.css`).
pub fn url(path: &str) -> String {
    format!("/assets/{}/{path}", BUNDLE.hash)
}

/// `GET /assets/{hash}/{*path}`
pub async fn get(Path((hash, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = BUNDLE.files.get(path.as_str()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = format!("\"{}\"", BUNDLE.hash);
    let caching = [
        (header::ETAG, HeaderValue::from_str(&etag)),
        (
            header::CACHE_CONTROL,
            Ok(HeaderValue::from_static(if hash == BUNDLE.hash {
                KEEP
            } else {
                ASK
            })),
        ),
    ];
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (
            [(header::CONTENT_TYPE, asset.media_type.clone())],
            asset.bytes.to_vec(),
        )
            .into_response()
    };
    for (name, value) in caching {
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(hash: &str, path: &str, headers: HeaderMap) -> Response {
        get(Path((hash.to_owned(), path.to_owned())), headers).await
    }

    #[tokio::test]
    async fn the_current_address_may_be_kept_for_good() {
        let response = ask(&BUNDLE.hash, "js/main.js", HeaderMap::new()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CACHE_CONTROL], KEEP);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/javascript; charset=utf-8"
        );
    }

    #[tokio::test]
    async fn another_versions_address_is_served_but_not_kept() {
        let response = ask("0000", "css/base.css", HeaderMap::new()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CACHE_CONTROL], ASK);
    }

    #[tokio::test]
    async fn a_known_etag_gets_no_body() {
        let etag = format!("\"{}\"", BUNDLE.hash);
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, etag.parse().unwrap());
        let response = ask(&BUNDLE.hash, "logo.svg", headers).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn templates_and_other_files_are_not_assets() {
        for path in [
            "templates/shell.html",
            "../Cargo.toml",
            "js/../../Cargo.toml",
            "",
        ] {
            assert_eq!(
                ask(&BUNDLE.hash, path, HeaderMap::new()).await.status(),
                StatusCode::NOT_FOUND
            );
        }
    }

    /// Every `import … from "./x.js"` names a file that exists, and every module is reachable.
    #[test]
    fn every_import_resolves_within_the_bundle() {
        for (name, asset) in BUNDLE
            .files
            .iter()
            .filter(|(name, _)| name.ends_with(".js"))
        {
            let text = std::str::from_utf8(&asset.bytes).unwrap();
            let folder = name.rsplit_once('/').unwrap().0;
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let path = line.split('"').nth(1).unwrap();
                let target = match path.strip_prefix("../") {
                    Some(path) => format!("{}/{path}", folder.rsplit_once('/').unwrap().0),
                    None => format!("{folder}/{}", path.strip_prefix("./").unwrap()),
                };
                assert!(
                    BUNDLE.files.contains_key(target.as_str()),
                    "{name} imports {target}"
                );
            }
        }
    }

    /// The policy of the pages forbids other origins; no asset may try.
    #[test]
    fn no_asset_names_another_origin() {
        for (name, asset) in &BUNDLE.files {
            let text = String::from_utf8_lossy(&asset.bytes);
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !text.contains("http://") && !text.contains("https://"),
                "{name}"
            );
            assert!(
                !text.contains("innerHTML") && !text.contains("eval("),
                "{name}"
            );
        }
    }
}

//! The widget's package for Kommo: a ZIP to upload with an integration. The same address gives the same bytes.
//!
//! To add a language: `assets/kommo/i18n/<code>.json` with every key of `en.json`, `LANGUAGES` here, `locale` and `tour` in
//! `assets/kommo/manifest.json`.

mod picture;

use std::io::{Cursor, Write};

use serde_json::{Value, json};
use url::Url;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::reason::Reason;

const MANIFEST: &str = include_str!("../../../../assets/kommo/manifest.json");
const SCRIPT: &str = include_str!("../../../../assets/kommo/script.js");
const STYLE: &str = include_str!("../../../../assets/kommo/style.css");
const LANGUAGES: [(&str, &str); 3] = [
    ("en", include_str!("../../../../assets/kommo/i18n/en.json")),
    ("es", include_str!("../../../../assets/kommo/i18n/es.json")),
    ("pt", include_str!("../../../../assets/kommo/i18n/pt.json")),
];

/// Stands in manifest and script where the server's address belongs.
const NOWHERE: &str = "https://frontdesk.invalid";

/// Pictures with the sizes that Kommo asks for, in pixels.
const LOGOS: [(&str, u32, u32); 5] = [
    ("logo.png", 130, 100),
    ("logo_main.png", 400, 272),
    ("logo_medium.png", 240, 84),
    ("logo_min.png", 84, 84),
    ("logo_small.png", 108, 108),
];
/// Only with the action of a pipeline.
const PIPELINE_LOGO: (&str, u32, u32) = ("logo_dp.png", 174, 109);
const TOUR: (&str, u32, u32) = ("tour.png", 400, 272);

#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error(
        "`{0}` is not the address of a server: write it as https://desk.example.com, without a path"
    )]
    Address(String),
    #[error("the package cannot be built: {0}")]
    Build(#[source] Reason),
}

impl From<zip::result::ZipError> for PackageError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Build(Reason::of(error))
    }
}

impl From<std::io::Error> for PackageError {
    fn from(error: std::io::Error) -> Self {
        Self::Build(Reason::of(error))
    }
}

impl From<serde_json::Error> for PackageError {
    fn from(error: serde_json::Error) -> Self {
        Self::Build(Reason::of(error))
    }
}

/// The address of a public server, `https://host` or `https://host:port`. Kommo's pages are HTTPS, so browsers would not ask a
/// server without it.
///
/// # Errors
/// [`PackageError::Address`] for anything else.
pub fn server_address(text: &str) -> Result<String, PackageError> {
    let wrong = || PackageError::Address(text.to_owned());
    let url = Url::parse(text.trim()).map_err(|_| wrong())?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    match url.scheme() == "https" && url.has_host() && bare {
        true => Ok(url.origin().ascii_serialization()),
        false => Err(wrong()),
    }
}

/// Builds the package for a server. With a `pipeline` hook (a path that holds the account's secret), a stage of a pipeline
/// can have its leads analysed.
///
/// # Errors
/// When the address is none that Kommo's pages can ask.
pub fn build(server: &str, pipeline: Option<&str>) -> Result<Vec<u8>, PackageError> {
    let server = server_address(server)?;
    build_for(&server, pipeline)
}

fn build_for(server: &str, pipeline: Option<&str>) -> Result<Vec<u8>, PackageError> {
    let mut files: Vec<(String, Vec<u8>)> = vec![
        ("manifest.json".into(), manifest(server, pipeline)?),
        ("script.js".into(), script(server).into_bytes()),
        ("style.css".into(), STYLE.into()),
    ];
    for (code, words) in LANGUAGES {
        files.push((format!("i18n/{code}.json"), words.into()));
    }
    for (name, width, height) in LOGOS {
        files.push((format!("images/{name}"), picture::logo(width, height)?));
    }
    let (name, width, height) = TOUR;
    files.push((format!("images/{name}"), picture::tour(width, height)?));
    if pipeline.is_some() {
        let (name, width, height) = PIPELINE_LOGO;
        files.push((format!("images/{name}"), picture::logo(width, height)?));
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        // PNG is compressed already. A fixed time, so that the same package is the same bytes.
        let method = match name.ends_with(".png") {
            true => CompressionMethod::Stored,
            false => CompressionMethod::Deflated,
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        archive.start_file(name, options)?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// The script for a server. The address was checked, so it needs no escape within the quotes.
pub(in crate::http) fn script(server: &str) -> String {
    SCRIPT.replace(NOWHERE, server)
}

fn manifest(server: &str, pipeline: Option<&str>) -> Result<Vec<u8>, PackageError> {
    let mut manifest: Value = serde_json::from_str(&MANIFEST.replace(NOWHERE, server))?;
    if let (Some(path), Some(whole)) = (pipeline, manifest.as_object_mut()) {
        if let Some(locations) = whole.get_mut("locations").and_then(Value::as_array_mut) {
            locations.push("digital_pipeline".into());
        }
        let dp = json!({
            "settings": {},
            "action_multiple": false,
            "webhook_url": format!("{server}{path}"),
        });
        whole.insert("dp".into(), dp);
    }
    Ok(serde_json::to_vec_pretty(&manifest)?)
}

#[cfg(test)]
#[path = "package_tests.rs"]
mod tests;

//! Chromium, through its driver on a free port.

use std::path::Path;
use std::process::Stdio;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const BROWSER: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";

/// A running driver; it and its browser end when this is dropped.
pub struct Driver {
    address: String,
    profile: TempDir,
    _process: Child,
}

impl Driver {
    /// Starts the driver; none where it is not installed.
    pub async fn start() -> Option<Self> {
        if ![BROWSER, DRIVER]
            .iter()
            .all(|path| Path::new(path).exists())
        {
            return None;
        }
        let mut process = Command::new(DRIVER)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("the driver ended at once");
            let port = line
                .rsplit(' ')
                .next()
                .unwrap()
                .trim_end_matches('.')
                .parse::<u16>();
            if let (true, Ok(port)) = (line.contains("started successfully"), port) {
                break port;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let profile = tempfile::tempdir().unwrap();
        Some(Self {
            address: format!("http://127.0.0.1:{port}"),
            profile,
            _process: process,
        })
    }

    /// A browser without a window, without a past, and without services of its own.
    pub async fn browser(&self) -> Client {
        self.browser_with(&[]).await
    }

    /// The same with further arguments.
    pub async fn browser_with(&self, more: &[&str]) -> Client {
        let profile = format!("--user-data-dir={}", self.profile.path().display());
        let mut args = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
            &profile,
        ];
        args.extend(more);
        let options = json!({ "binary": BROWSER, "args": args });
        let mut capabilities = fantoccini::wd::Capabilities::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await
            .expect("the browser did not start")
    }
}

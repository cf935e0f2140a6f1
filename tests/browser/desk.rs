//! A server of its own on a free port, with an empty data folder.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

/// Loading models may take a while on a busy machine, but listening must not.
const STARTING: Duration = Duration::from_secs(60);

/// A running server; it ends when this is dropped.
pub struct Desk {
    /// Where it listens, `http://127.0.0.1:PORT`.
    pub address: String,
    /// The link that makes the first account.
    pub setup_link: String,
    process: Mutex<Child>,
    data: TempDir,
    /// Variables beside those of the test.
    settings: Vec<(&'static str, String)>,
}

impl Desk {
    pub async fn start() -> Self {
        Self::start_on(tempfile::tempdir().unwrap(), Vec::new()).await
    }

    /// On a data folder that has something in it, with settings as variables.
    pub async fn start_on(data: TempDir, settings: Vec<(&'static str, String)>) -> Self {
        let (process, line) = Self::serve(&data, &settings, "127.0.0.1:0").await;
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let (address, setup_link) = (text("address"), text("setup_link"));
        Self {
            address,
            setup_link,
            process: Mutex::new(process),
            data,
            settings,
        }
    }

    /// Ends the server as a power cut would.
    pub async fn kill(&self) {
        self.process.lock().await.kill().await.unwrap();
    }

    /// Starts it again at the same address.
    pub async fn start_again(&self) {
        let listen = self.address.strip_prefix("http://").unwrap();
        *self.process.lock().await = Self::serve(&self.data, &self.settings, listen).await.0;
    }

    /// The process, and its line that says where it listens.
    async fn serve(
        data: &TempDir,
        settings: &[(&'static str, String)],
        listen: &str,
    ) -> (Child, serde_json::Value) {
        let mut process = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .args(["serve", "--json", "--listen", listen, "--data"])
            .arg(data.path())
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let started = tokio::time::timeout(STARTING, async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Ok(line) = serde_json::from_str::<serde_json::Value>(&line) {
                    return line;
                }
            }
            panic!("the server ended before it said where it listens");
        });
        let line = started
            .await
            .expect("the server did not say in time where it listens");
        // Whoever closes the pipe would stop the server at its next line.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        (process, line)
    }
}

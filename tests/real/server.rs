//! A started server on a data folder of its own, with the test models of the user's cache.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

pub const FRONTDESK: &str = env!("CARGO_BIN_EXE_frontdesk");

/// Path of a model that is here and whole, if it is.
pub fn model(name: &str) -> Option<PathBuf> {
    let out = Command::new(FRONTDESK)
        .args(["models", "list", "--json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&out.stdout).unwrap();
    let entry = list
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["name"] == name)
        .unwrap()
        .clone();
    (entry["state"] == "here").then(|| entry["path"].as_str().unwrap().into())
}

/// The three test models, or `None` with a message: these tests are left out without them.
pub fn models() -> Option<[PathBuf; 3]> {
    let found = [
        "smollm2-135m-instruct",
        "multilingual-e5-small-q4",
        "whisper-tiny.en",
    ]
    .map(model);
    let [Some(chat), Some(embed), Some(speech)] = found else {
        println!("left out: get the models with `frontdesk models get --starter test`");
        return None;
    };
    Some([chat, embed, speech])
}

pub struct Server {
    child: Child,
    pub address: String,
    pub key: String,
    pub data: tempfile::TempDir,
}

impl Server {
    pub fn start(models_dir: Option<&Path>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let key = Command::new(FRONTDESK)
            .args(["admin", "--data"])
            .arg(data.path())
            .args(["key", "create", "--name", "test", "--all", "--json"])
            .output()
            .unwrap();
        let key: Value = serde_json::from_slice(&key.stdout).unwrap();
        let mut command = Command::new(FRONTDESK);
        command
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path());
        command.env("FRONTDESK_CHAT_MODEL", "smollm2-135m-instruct");
        if let Some(dir) = models_dir {
            command.env("FRONTDESK_MODELS_DIR", dir);
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        Self {
            child,
            address: started["address"].as_str().unwrap().into(),
            key: key["key"].as_str().unwrap().into(),
            data,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let request = reqwest::Client::new()
            .get(self.url(path))
            .bearer_auth(&self.key);
        answer(request.send().await.unwrap()).await
    }

    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new()
            .post(self.url(path))
            .bearer_auth(&self.key)
    }

    pub async fn post_json(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.post(path).json(&body).send().await.unwrap()).await
    }

    /// Opens the first workspace to visitors; its site key.
    pub async fn open_to_visitors(&self) -> String {
        let open = reqwest::Client::new()
            .patch(self.url("/api/v1/widget"))
            .bearer_auth(&self.key)
            .json(&serde_json::json!({"enabled": true}));
        let (status, widget) = answer(open.send().await.unwrap()).await;
        assert_eq!(status, 200, "{widget}");
        widget["site"].as_str().unwrap().to_owned()
    }

    /// Waits until `/readyz` says so.
    pub async fn ready(&self) {
        for _ in 0..600 {
            if self.get("/readyz").await.0 == 200 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("not ready: {:?}", self.get("/readyz").await);
    }

    /// Process id of the worker with this name.
    pub fn worker(&self, name: &str) -> Option<u32> {
        let parent = self.child.id().to_string();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
                continue;
            };
            let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else {
                continue;
            };
            let after = stat.rsplit(')').next().unwrap_or("");
            let is_child = after.split_whitespace().nth(1) == Some(parent.as_str());
            let mut words = line.split(|b| *b == 0).skip(1);
            let is_it = words.next() == Some(b"worker") && words.next() == Some(name.as_bytes());
            if is_child && is_it {
                return Some(pid);
            }
        }
        None
    }

    /// SIGKILL, by id, to a worker of this server.
    pub fn kill_worker(&self, name: &str) -> bool {
        let Some(pid) = self.worker(name) else {
            return false;
        };
        Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status()
            .unwrap()
            .success()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        if asked.is_ok() {
            for _ in 0..100 {
                if matches!(self.child.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn answer(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}

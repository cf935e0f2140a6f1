//! Commands while a server is running. Only one process may use the data folder, so the command asks
//! the server, through its API on the socket in the folder.

use std::path::Path;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::net::UnixStream;

use super::socket::LocalSocket;
use crate::store::DataLock;

/// Placeholder host in requests, which all go over the socket.
pub(super) const HOST: &str = "frontdesk";

/// The running server that uses the data folder.
#[derive(Debug, Clone)]
pub(super) struct Server {
    socket: LocalSocket,
    client: Client,
}

impl Server {
    /// Finds the server that uses this data folder, if there is one.
    pub(super) fn find(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let Some(holder) = DataLock::read_holder(data_dir) else {
            return Ok(None);
        };
        let Some(address) = holder.address else {
            anyhow::bail!(
                "process {} is using {} but does not respond yet; try again in a moment",
                holder.pid,
                data_dir.display()
            );
        };
        let socket = LocalSocket::of(data_dir)?;
        socket.probe().map_err(|error| {
            anyhow::anyhow!(
                "the server at {address} uses {}, but accepts no commands on its socket there ({error}); \
                 run the command as the same user, stop the server first, or use the API with a key",
                data_dir.display()
            )
        })?;
        // Ignore proxies from the environment.
        let client = Client::builder()
            .unix_socket(socket.path())
            .no_proxy()
            .redirect(Policy::none())
            .build()?;
        Ok(Some(Self { socket, client }))
    }

    /// Opens a separate connection, for a WebSocket.
    pub(super) async fn connect(&self) -> std::io::Result<UnixStream> {
        self.socket.connect().await
    }

    /// POSTs JSON and returns the response's JSON.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .request(Method::POST, path)
            .header("accept", "application/json");
        read_json(request.json(body).send().await?).await
    }

    /// GETs JSON.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        read_json(self.request(Method::GET, path).send().await?).await
    }

    /// POSTs JSON and passes the response to `take`, piece by piece.
    pub(super) async fn fetch(
        &self,
        path: &str,
        body: &Value,
        mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let request = self.request(Method::POST, path).json(body);
        let mut answer = request.send().await?;
        if !answer.status().is_success() {
            read_json(answer).await?;
            return Ok(());
        }
        while let Some(piece) = answer.chunk().await? {
            take(&piece)?;
        }
        Ok(())
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, url(path))
    }
}

/// A URL with the placeholder host.
pub(super) fn url(path: &str) -> String {
    format!("http://{HOST}{path}")
}

/// Returns the JSON of a successful response; else fails with the problem's detail.
async fn read_json(answer: Response) -> anyhow::Result<Value> {
    let status = answer.status();
    if status.is_success() {
        let bytes = answer.bytes().await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        return Ok(serde_json::from_slice(&bytes)?);
    }
    let body: Value = answer.json().await.unwrap_or_default();
    anyhow::bail!(sentence(&body, status.as_u16()))
}

/// The detail of a problem, or its status.
pub(super) fn sentence(body: &Value, status: u16) -> String {
    ["/detail", "/error/message", "/title"]
        .iter()
        .find_map(|path| body.pointer(path)?.as_str())
        .map_or_else(|| format!("the server answered {status}"), str::to_owned)
}

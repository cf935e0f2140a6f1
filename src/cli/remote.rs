//! Commands beside a running server. Only one process may have the data folder, so the command asks
//! the server that has it, over its own API and the socket in the folder.

use std::path::Path;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::net::UnixStream;

use super::socket::LocalSocket;
use crate::store::DataLock;

/// What requests name as the server's address. It leads nowhere: all go over the socket.
pub(super) const HOST: &str = "frontdesk";

/// A running server that has the data folder.
#[derive(Debug, Clone)]
pub(super) struct Server {
    socket: LocalSocket,
    client: Client,
}

impl Server {
    /// The server that has this data folder, if one does.
    pub(super) fn find(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let Some(holder) = DataLock::read_holder(data_dir) else {
            return Ok(None);
        };
        let Some(address) = holder.address else {
            anyhow::bail!(
                "process {} is using {} and does not answer yet; try again in a moment",
                holder.pid,
                data_dir.display()
            );
        };
        let socket = LocalSocket::of(data_dir)?;
        socket.probe().map_err(|error| {
            anyhow::anyhow!(
                "the server at {address} has {}, and takes no commands on its socket there ({error}); \
                 run the command as the same user, stop the server first, or use the API with a key",
                data_dir.display()
            )
        })?;
        // Nothing that the environment says of proxies is even read.
        let client = Client::builder()
            .unix_socket(socket.path())
            .no_proxy()
            .redirect(Policy::none())
            .build()?;
        Ok(Some(Self { socket, client }))
    }

    /// A connection of its own, for a WebSocket.
    pub(super) async fn connect(&self) -> std::io::Result<UnixStream> {
        self.socket.connect().await
    }

    /// Sends JSON; gives the answer's JSON.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .request(Method::POST, path)
            .header("accept", "application/json");
        read_json(request.json(body).send().await?).await
    }

    /// Asks for JSON.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        read_json(self.request(Method::GET, path).send().await?).await
    }

    /// Sends JSON; gives what comes, piece by piece, to `take`.
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

/// The address of a path, which leads nowhere.
pub(super) fn url(path: &str) -> String {
    format!("http://{HOST}{path}")
}

/// The JSON of a good answer, or the sentence of a bad one.
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

/// What a problem says.
pub(super) fn sentence(body: &Value, status: u16) -> String {
    ["/detail", "/error/message", "/title"]
        .iter()
        .find_map(|path| body.pointer(path)?.as_str())
        .map_or_else(|| format!("the server answered {status}"), str::to_owned)
}

//! Servers that misbehave, and a workspace whose tools may reach them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{CallFilter, NewTool, Opening, Tool, ToolCall, Tools};
use crate::access::{Caller, Credential, Member, Principal, Scope};
use crate::egress::{Allow, Gateway, Reach, SystemLookup};
use crate::store::listing::ListFilter;
use crate::store::tools as stored;
use crate::store::{Scoped, Store, ToolId, WorkspaceId, egress as ledger, workspaces};

/// What a server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Status, further headers, body.
    Say(u16, &'static str, String),
    Hang,
    /// An answer after so many ms.
    Late(u64),
    /// A body without an end.
    Endless,
    HangUp,
}

type Answers = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

/// A server of another program.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    got: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(answers: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            port: listener.local_addr().unwrap().port(),
            got: Arc::default(),
        };
        let (own, answers): (Self, Answers) = (this.clone(), Arc::new(answers));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(own.clone().take(socket, answers.clone()));
            }
        });
        this
    }

    async fn take(self, mut socket: impl AsyncRead + AsyncWrite + Unpin, answers: Answers) {
        let mut text = String::new();
        let length = |head: &str| {
            let head = head.to_lowercase();
            let line = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ").map(str::to_owned));
            line.map_or(0, |line| line.parse::<usize>().unwrap())
        };
        loop {
            let mut piece = [0; 4096];
            match socket.read(&mut piece).await {
                Ok(read) if read > 0 => text.push_str(&String::from_utf8_lossy(&piece[..read])),
                _ => return,
            }
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && body.len() >= length(head)
            {
                break;
            }
        }
        self.got.lock().unwrap().push(text.clone());
        match answers(&text) {
            Reply::Say(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _gone = socket.write_all(format!("{head}{body}").as_bytes()).await;
            }
            Reply::Late(ms) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                let head = "HTTP/1.1 200 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _gone = socket.write_all(head.as_bytes()).await;
            }
            Reply::Hang => tokio::time::sleep(Duration::from_secs(60)).await,
            Reply::Endless => {
                let head = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n[";
                let _gone = socket.write_all(head.as_bytes()).await;
                let piece = "1,".repeat(10_000);
                while socket.write_all(piece.as_bytes()).await.is_ok() {}
            }
            Reply::HangUp => {}
        }
    }

    /// The requests so far.
    pub(crate) fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

pub(crate) fn say(status: u16, body: Value) -> Reply {
    Reply::Say(
        status,
        "content-type: application/json\r\n",
        body.to_string(),
    )
}

/// A workspace whose tools may reach a server on this machine.
pub(crate) struct Desk {
    pub(crate) tools: Tools,
    pub(crate) store: Store,
    pub(crate) workspace: WorkspaceId,
}

impl Desk {
    pub(crate) async fn new(server: &Server, hours: Option<Arc<dyn Opening>>) -> Self {
        let store = Store::open_in_memory().unwrap();
        let allow = Allow::parse(&format!("127.0.0.1:{}", server.port)).unwrap();
        let gateway =
            Gateway::new(store.clone(), Reach::Open, allow, Arc::new(SystemLookup)).unwrap();
        let made = store.write(|tx| Ok(workspaces::get_or_create(tx, "shop", "Shop", 1)?.id));
        let workspace = made.await.unwrap();
        let tools = Tools::new(store.clone(), gateway, hours);
        Self {
            tools,
            store,
            workspace,
        }
    }

    pub(crate) fn by(&self, scopes: &[Scope]) -> Member {
        let (caller, credential) = (Caller::Installation, Credential::Installation);
        let principal = Principal::new(caller, credential, scopes.to_vec(), None);
        principal.in_workspace(self.workspace).unwrap()
    }

    pub(crate) fn owner(&self) -> Member {
        self.by(&[Scope::Admin])
    }

    pub(crate) async fn make(&self, new: NewTool) -> Scoped<Tool> {
        let made = self.tools.create(&self.owner(), new).await.unwrap();
        self.tool(made.id).await
    }

    pub(crate) async fn tool(&self, id: ToolId) -> Scoped<Tool> {
        let workspace = self.workspace;
        let found = self
            .store
            .read(move |conn| stored::get(conn, workspace, id));
        found.await.unwrap()
    }

    pub(crate) async fn log(&self) -> Vec<ToolCall> {
        let workspace = self.workspace;
        let log = self
            .store
            .read(move |conn| CallFilter::default().list(conn, workspace, 50));
        log.await.unwrap()
    }

    pub(crate) async fn ledger(&self) -> Vec<ledger::Entry> {
        self.store
            .read(|conn| ledger::list(conn, None, 50))
            .await
            .unwrap()
    }
}

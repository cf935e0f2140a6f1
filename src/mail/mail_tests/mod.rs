//! Sending and answers against servers on this machine that misbehave as told.

use std::sync::Mutex;
use std::time::Duration;

use super::servers_fixture::{FakeImap, FakeSmtp, HOST, PASSWORD, USER, Whim};
use super::*;
use crate::access::{Member, Principal};
use crate::egress::{Allow, Reach, Secret, SystemLookup};
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::listing::ListFilter as _;
use crate::store::mail::{self, LogFilter, MailState, Outcome, Outgoing, Received};
use crate::store::users::{self, NewUser, Role};
use crate::store::{ConversationId, UserId, workspaces};

mod coming;
mod sending;

struct Bench {
    store: Store,
    mail: Mail,
    by: Member,
    smtp: FakeSmtp,
    imap: FakeImap,
    written: Arc<Mutex<Vec<Answer>>>,
    /// What the next answers meet, instead of being written.
    refusals: Arc<Mutex<Vec<NotWritten>>>,
    shutdown: CancellationToken,
}

async fn bench() -> Bench {
    let (smtp, imap) = (FakeSmtp::start(false).await, FakeImap::start().await);
    let store = Store::open_in_memory().unwrap();
    let workspace = store
        .write(|tx| Ok(workspaces::get_or_create(tx, "one", "One", 1)?.id))
        .await
        .unwrap();
    let allow = format!("{HOST}:{}, {HOST}:{}", smtp.port, imap.port);
    let allow = Allow::parse(&allow).unwrap();
    let gateway = Gateway::new(store.clone(), Reach::Open, allow, Arc::new(SystemLookup)).unwrap();
    let written: Arc<Mutex<Vec<Answer>>> = Arc::default();
    let refusals: Arc<Mutex<Vec<NotWritten>>> = Arc::default();
    let (notes, planned) = (Arc::clone(&written), Arc::clone(&refusals));
    let write: Write = Arc::new(move |answer| {
        let refusal = planned.lock().unwrap().pop();
        if refusal.is_none() {
            notes.lock().unwrap().push(answer);
        }
        Box::pin(async move { refusal.map_or(Ok(()), Err) })
    });
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let mail = Mail::start(store.clone(), gateway, write, &tasks, shutdown.clone());
    Bench {
        by: Principal::installation().in_workspace(workspace).unwrap(),
        store,
        mail,
        smtp,
        imap,
        written,
        refusals,
        shutdown,
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Bench {
    fn settings(&self) -> NewMailSettings {
        let server = |port, authority: &str| NewServer {
            host: HOST.into(),
            port: Some(port),
            tls: Tls::Implicit,
            user: USER.into(),
            password: Some(Secret::new(PASSWORD)),
            authority: Some(authority.to_owned()),
        };
        NewMailSettings {
            server: server(self.smtp.port, &self.smtp.authority),
            sender: Sender {
                name: "Front desk".into(),
                address: "desk@example.com".into(),
            },
            mailbox: Some(NewMailbox {
                server: server(self.imap.port, &self.imap.authority),
                folder: String::new(),
                address: "desk@example.com".into(),
            }),
        }
    }

    /// Sets both servers up, and waits until the mailbox is watched.
    async fn set_up(&self) {
        self.mail.set(&self.by, self.settings()).await.unwrap();
        self.until(async || {
            let overview = self.mail.overview(&self.by).await.unwrap();
            matches!(overview.replies, Health::Works { .. })
        })
        .await;
    }

    /// Waits until something is so, at most 20 s.
    async fn until(&self, mut is_so: impl AsyncFnMut() -> bool) {
        for _ in 0..200 {
            if is_so().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = self.rows().await;
        panic!(
            "it did not come about: {log:?}, {:?}",
            self.received().await
        );
    }

    async fn rows(&self) -> Vec<Outgoing> {
        let workspace = self.by.workspace();
        let read = self
            .store
            .read(move |conn| LogFilter::default().list(conn, workspace, 99));
        read.await.unwrap()
    }

    async fn received(&self) -> Vec<Received> {
        let workspace = self.by.workspace();
        let read = self
            .store
            .read(move |conn| mail::received(conn, workspace, 99));
        read.await.unwrap()
    }

    async fn enqueue(&self, title: &'static str, reply_to: Option<ReplyTo>) -> Enqueued {
        let workspace = self.by.workspace();
        let written = self.store.write(move |tx| {
            let new = NewMail {
                kind: MailKind::Notice,
                about: None,
                recipient: "anna@example.com",
                title,
                text: "Somebody asks for a person.\n.\nReally.",
                reply_to,
            };
            enqueue(tx, workspace, &new, now_ms())
        });
        written.await.unwrap()
    }

    /// Makes what is put off due at once.
    async fn hurry(&self) {
        let workspace = self.by.workspace();
        self.mail.inner.rests.end(workspace);
        let hurried = self
            .store
            .write(move |tx| mail::hurry(tx, workspace, now_ms()));
        hurried.await.unwrap();
    }

    /// Waits until the newest message is in this state after so many attempts.
    async fn until_row(&self, state: MailState, attempts: u32) -> Outgoing {
        self.until(async || {
            let rows = self.rows().await;
            rows.first()
                .is_some_and(|row| row.state == state && row.attempts == attempts)
        })
        .await;
        self.rows().await.remove(0)
    }

    async fn conversation(&self) -> (ConversationId, UserId) {
        let workspace = self.by.workspace();
        let written = self.store.write(move |tx| {
            let new = NewConversation {
                assistant: None,
                channel: Channel::Chat,
                visitor: None,
                title: "Opening hours",
                begun_by: None,
            };
            let conversation = conversations::create(tx, workspace, &new, 5)?.id;
            let new = NewUser {
                email: "anna@example.com",
                name: "Anna",
                password_hash: None,
                role: Role::Agent,
            };
            Ok((conversation, users::create(tx, &new, 5)?))
        });
        written.await.unwrap()
    }

    /// Sends a notice that can be answered; returns its reply address.
    async fn notify(&self, (conversation, user): (ConversationId, UserId)) -> String {
        let before = self.smtp.taken().len();
        self.enqueue("A visitor waits", Some(ReplyTo { conversation, user }))
            .await;
        self.until(async || self.smtp.taken().len() > before).await;
        let text = self.smtp.taken().pop().unwrap().text;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Reply-To: "));
        line.unwrap().trim_matches(['<', '>']).to_owned()
    }

    fn answer(&self, from: &str, to: &str, headers: &str, text: &str) {
        self.imap.deliver(&format!(
            "From: Anna <{from}>\r\nTo: {to}\r\nSubject: Re: A visitor waits\r\n{headers}\r\n{text}\r\n\r\n\
             On Tue, Dec 1, 2026 at 6:34 PM Front desk <desk@example.com> wrote:\r\n> A visitor waits\r\n"
        ));
    }

    /// Waits for the next message that came, and returns what became of it.
    async fn next_received(&self, before: usize) -> Received {
        self.until(async || self.received().await.len() > before)
            .await;
        self.received().await.remove(0)
    }
}

//! The sender against receivers on this machine that fail, time out, redirect, want no more, or are cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::sender::settle;
use super::*;
use crate::access::{Caller, Credential, Member, Principal, Scope};
use crate::egress::{Allow, Reach, SystemLookup};
use crate::store::listing::Listing;
use crate::store::webhooks::deliveries::{Delivery, DeliveryFilter, DeliveryState};
use crate::store::webhooks::{self as stored, Webhook, WebhookState};
use crate::store::{StoreError, WorkspaceId, egress as ledger, workspaces};

/// What a receiver does with a request.
#[derive(Debug, Clone, Copy)]
enum Reply {
    /// Status and further headers.
    Status(u16, &'static str),
    /// Answers 200 after this many ms.
    After(u64),
    HangUp,
}

#[derive(Debug, Clone)]
struct Got {
    head: String,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> String {
        let line = (self.head.lines()).find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default().to_owned()
    }

    fn id(&self) -> String {
        self.header("webhook-id")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Which of the signatures a secret makes; `None` if it makes none of them.
    fn signed_by(&self, secret: &str) -> Option<usize> {
        let at = self.header("webhook-timestamp").parse().unwrap();
        let expected = sign(secret, &self.id(), at, self.body.as_bytes()).unwrap();
        let signatures = self.header("webhook-signature");
        signatures.split(' ').position(|one| one == expected)
    }
}

/// A program that is told what happens.
#[derive(Clone)]
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    reply: Arc<Mutex<Reply>>,
}

impl Receiver {
    async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            port: listener.local_addr().unwrap().port(),
            got: Arc::default(),
            reply: Arc::new(Mutex::new(reply)),
        };
        let own = this.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(own.clone().take(socket));
            }
        });
        this
    }

    async fn take(self, mut socket: impl AsyncRead + AsyncWrite + Unpin) {
        let mut text = String::new();
        let length = |head: &str| {
            let line = (head.lines()).find_map(|line| line.strip_prefix("content-length: "));
            line.map_or(0, |line| line.parse::<usize>().unwrap())
        };
        let (head, body) = loop {
            let mut piece = [0; 4096];
            match socket.read(&mut piece).await {
                Ok(read) if read > 0 => text.push_str(&String::from_utf8_lossy(&piece[..read])),
                _ => return,
            }
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && body.len() >= length(head)
            {
                break (head.to_owned(), body.to_owned());
            }
        };
        self.got.lock().unwrap().push(Got { head, body });
        let reply = *self.reply.lock().unwrap();
        let (status, headers) = match reply {
            Reply::Status(status, headers) => (status, headers),
            Reply::After(ms) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                (200, "")
            }
            Reply::HangUp => return,
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n"
        );
        let _gone = socket.write_all(answer.as_bytes()).await;
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn answer(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

const QUICK: Pace = Pace {
    waits: &[10, 10],
    patience: Duration::from_millis(400),
};

struct Bench {
    store: Store,
    gateway: Gateway,
    webhooks: Webhooks,
    workspace: WorkspaceId,
    owner: Member,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Bench {
    fn new(receivers: &[&Receiver], pace: Pace) -> Self {
        let ports = receivers
            .iter()
            .map(|one| format!("127.0.0.1:{}", one.port));
        let allow = Allow::parse(&ports.collect::<Vec<_>>().join(",")).unwrap();
        let store = Store::open_in_memory().unwrap();
        let lookup = Arc::new(SystemLookup);
        let gateway = Gateway::new(store.clone(), Reach::Open, allow, lookup).unwrap();
        let made = store.write_blocking(|tx| workspaces::get_or_create(tx, "shop", "Shop", 1));
        let workspace = made.unwrap().id;
        let owner = Principal::installation().in_workspace(workspace).unwrap();
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let webhooks = Webhooks::start(
            store.clone(),
            gateway.clone(),
            pace,
            &tasks,
            shutdown.clone(),
        );
        Self {
            store,
            gateway,
            webhooks,
            workspace,
            owner,
            tasks,
            shutdown,
        }
    }

    async fn make(&self, receiver: &Receiver, events: &[&str]) -> Made {
        let new = NewWebhook {
            url: receiver.url(),
            events: events.iter().map(|&event| event.to_owned()).collect(),
        };
        self.webhooks.create(&self.owner, new).await.unwrap()
    }

    /// Tells of an event; how many webhooks are told.
    fn tell(&self, kind: &'static str, number: usize) -> usize {
        let workspace = self.workspace;
        let told = self.store.write_blocking(move |tx| {
            let body = payload(kind, 1_700_000_000_000, &json!({ "number": number }));
            enqueue(tx, workspace, kind, None, &body, now())
        });
        self.webhooks.wake();
        told.unwrap()
    }

    fn log(&self) -> Vec<Delivery> {
        let filter = DeliveryFilter::default();
        let listing = Listing {
            workspace: self.workspace,
            filter,
            limit: 1_000,
        };
        let page = self.store.read_blocking(|conn| listing.page(conn));
        page.unwrap().rows
    }

    /// Waits until nothing is queued.
    async fn settled(&self) -> Vec<Delivery> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let log = self.log();
            if log.iter().all(|one| one.state != DeliveryState::Queued) {
                return log;
            }
            assert!(Instant::now() < until, "{log:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn webhook(&self, id: WebhookId) -> Webhook {
        self.webhooks.get(&self.owner, id).await.unwrap()
    }
}

#[tokio::test]
async fn an_event_arrives_signed_at_whoever_wants_it() {
    let (all, some) = (
        Receiver::start(Reply::Status(204, "")).await,
        Receiver::start(Reply::Status(200, "")).await,
    );
    let bench = Bench::new(&[&all, &some], QUICK);
    let to_all = bench.make(&all, &[ALL]).await;
    let to_some = bench.make(&some, &["lead.created", "lead.created"]).await;
    assert_eq!(to_some.webhook.events, ["lead.created"]);
    assert_eq!(bench.tell("conversation.closed", 1), 1);
    assert_eq!(bench.tell("lead.created", 2), 2);
    let log = bench.settled().await;
    assert_eq!(log.len(), 3);
    let got = some.got();
    assert_eq!((all.got().len(), got.len()), (2, 1));
    let told = json!({
        "type": "lead.created", "timestamp": "2023-11-14T22:13:20Z", "data": { "number": 2 },
    });
    assert_eq!(got[0].json(), told);
    assert_eq!(got[0].header("content-type"), "application/json");
    assert_eq!(got[0].signed_by(to_some.secret.reveal()), Some(0));
    assert_eq!(got[0].signed_by(to_all.secret.reveal()), None);
    let own = log.iter().find(|one| one.id.to_string() == got[0].id());
    let own = own.unwrap();
    assert_eq!((own.state, own.attempts), (DeliveryState::Sent, 1));
    assert_eq!((own.status, own.error.clone()), (Some(200), None));
    let rows = (bench.store).read_blocking(|conn| ledger::list(conn, None, 9));
    let row = &rows.unwrap()[0];
    assert_eq!(
        (&*row.purpose, &*row.data),
        ("webhook", "metadata, customer")
    );
    assert_eq!(row.workspace, Some(bench.workspace));
}

#[tokio::test]
async fn what_failed_is_tried_again_with_the_same_id() {
    let receiver = Receiver::start(Reply::Status(500, "")).await;
    let bench = Bench::new(&[&receiver], QUICK);
    let made = bench.make(&receiver, &[ALL]).await;
    bench.tell("lead.created", 1);
    while receiver.got().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    receiver.answer(Reply::Status(200, ""));
    let log = bench.settled().await;
    assert_eq!(log[0].state, DeliveryState::Sent);
    let ids: BTreeSet<String> = receiver.got().iter().map(Got::id).collect();
    assert_eq!(ids, BTreeSet::from([log[0].id.to_string()]));
    assert!(log[0].attempts >= 2, "{log:?}");
    assert_eq!(bench.webhook(made.webhook.id).await.failing_since, None);
}

#[tokio::test]
async fn each_failure_is_told_in_a_sentence_and_given_up_in_the_end() {
    let elsewhere = Receiver::start(Reply::Status(200, "")).await;
    for (reply, told, status) in [
        (Reply::Status(500, ""), "failed with status 500", Some(500)),
        (
            Reply::Status(301, "location: /there\r\n"),
            "redirects",
            Some(301),
        ),
        (Reply::Status(404, ""), "nothing at this address", Some(404)),
        (Reply::After(60_000), "did not answer", None),
        (Reply::HangUp, "could not be reached", None),
    ] {
        let receiver = Receiver::start(reply).await;
        let bench = Bench::new(&[&receiver, &elsewhere], QUICK);
        let made = bench.make(&receiver, &[ALL]).await;
        bench.tell("lead.created", 1);
        let log = bench.settled().await;
        let one = &log[0];
        assert_eq!((one.state, one.attempts), (DeliveryState::Failed, 3));
        assert_eq!(one.status, status, "{reply:?}");
        let error = one.error.clone().unwrap();
        assert!(error.contains(told), "{error}");
        let got = receiver.got();
        assert_eq!(got.len(), 3, "{reply:?}");
        assert!(got.iter().all(|got| got.head.starts_with("POST /hook")));
        let webhook = bench.webhook(made.webhook.id).await;
        assert_eq!(webhook.state, WebhookState::Active);
        assert!(webhook.failing_since.is_some());
    }
    assert!(elsewhere.got().is_empty());
}

#[tokio::test]
async fn whoever_wants_no_more_is_told_no_more() {
    let receiver = Receiver::start(Reply::Status(410, "")).await;
    let bench = Bench::new(&[&receiver], QUICK);
    let id = bench.make(&receiver, &[ALL]).await.webhook.id;
    bench.tell("lead.created", 1);
    bench.settled().await;
    let webhook = bench.webhook(id).await;
    assert_eq!(webhook.state, WebhookState::Off);
    assert!(webhook.reason.unwrap().contains("wants no more"));
    assert_eq!(bench.tell("lead.created", 2), 0);
    let failed = bench.log().remove(0).id;
    let refused = bench.webhooks.replay(&bench.owner, failed).await;
    assert!(matches!(refused, Err(WebhookError::Stopped("off"))));

    receiver.answer(Reply::Status(200, ""));
    let on = Change {
        active: Some(true),
        ..Change::default()
    };
    let webhook = bench.webhooks.change(&bench.owner, id, on).await.unwrap();
    assert_eq!(
        (webhook.state, webhook.reason),
        (WebhookState::Active, None)
    );
    bench.webhooks.replay(&bench.owner, failed).await.unwrap();
    let log = bench.settled().await;
    assert_eq!((log[0].id, log[0].state), (failed, DeliveryState::Sent));
    let ids: Vec<String> = receiver.got().iter().map(Got::id).collect();
    assert_eq!(ids, [failed.to_string(), failed.to_string()]);
}

#[tokio::test]
async fn one_that_does_not_answer_holds_up_no_other() {
    let (stuck, quick) = (
        Receiver::start(Reply::After(60_000)).await,
        Receiver::start(Reply::Status(200, "")).await,
    );
    let patient = Pace {
        patience: Duration::from_secs(30),
        ..QUICK
    };
    let bench = Bench::new(&[&stuck, &quick], patient);
    bench.make(&stuck, &[ALL]).await;
    bench.make(&quick, &[ALL]).await;
    let began = Instant::now();
    for number in 0..20 {
        assert_eq!(bench.tell("lead.created", number), 2);
    }
    while quick.got().len() < 20 {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{}",
            quick.got().len()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(stuck.got().len() <= 4, "{}", stuck.got().len());
}

/// Fifty deliveries, while the sender is cut off again and again, many times after a request arrived and before that was
/// written down: its whole runtime is dropped, as a kill does.
#[tokio::test]
async fn whatever_is_cut_off_arrives_with_the_same_id() {
    const EVENTS: usize = 50;
    let receiver = Receiver::start(Reply::After(25)).await;
    let bench = Bench::new(&[&receiver], QUICK);
    bench.make(&receiver, &[ALL]).await;
    // The bench's own sender would not be cut off.
    bench.shutdown.cancel();
    bench.tasks.close();
    bench.tasks.wait().await;
    for number in 0..EVENTS {
        bench.tell("lead.created", number);
    }
    let all: Vec<String> = bench.log().iter().map(|one| one.id.to_string()).collect();
    let (store, gateway) = (bench.store.clone(), bench.gateway.clone());
    let mut lives: u64 = 0;
    loop {
        lives += 1;
        let (store, gateway) = (store.clone(), gateway.clone());
        let life = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let tasks = TaskTracker::new();
            let _guard = runtime.enter();
            Webhooks::start(store, gateway, QUICK, &tasks, CancellationToken::new());
            // At another moment each time.
            std::thread::sleep(Duration::from_millis(30 + lives % 10 * 10));
            runtime.shutdown_timeout(Duration::ZERO);
        });
        tokio::task::spawn_blocking(move || life.join().unwrap())
            .await
            .unwrap();
        let is_queued = |one: &Delivery| one.state == DeliveryState::Queued;
        if !bench.log().iter().any(is_queued) {
            break;
        }
        assert!(lives < 500);
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for got in receiver.got() {
        *times.entry(got.id()).or_default() += 1;
    }
    let arrived: BTreeSet<&String> = times.keys().collect();
    assert_eq!(arrived, all.iter().collect());
    assert!(
        lives > 1 && times.values().any(|times| *times > 1),
        "{times:?}"
    );
    let numbers: BTreeSet<u64> = (receiver.got().iter())
        .map(|got| got.json()["data"]["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers.len(), EVENTS);
}

#[tokio::test]
async fn five_days_of_failure_pause_a_webhook_and_say_so() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let receiver = Receiver::start(Reply::Status(200, "")).await;
    let bench = Bench::new(&[&receiver], QUICK);
    let id = bench.make(&receiver, &[ALL]).await.webhook.id;
    let workspace = bench.workspace;
    let answer = attempt::Answer {
        status: Some(500),
        error: Some("it failed with status 500".into()),
        rest: None,
    };
    let paused = bench.store.write_blocking(move |tx| {
        // Beyond the sender's reach.
        let later = now() + 30 * DAY;
        for number in 0..3 {
            let body = json!({ "number": number });
            enqueue(tx, workspace, "lead.created", None, &body, later)?;
        }
        let listing = Listing {
            workspace,
            filter: DeliveryFilter::default(),
            limit: 9,
        };
        let pace = Pace::default();
        let mut one = listing.page(tx)?.rows.remove(0);
        settle(tx, &one, &answer, pace, later)?;
        one.attempts = 3;
        settle(tx, &one, &answer, pace, later + 5 * DAY - 1)?;
        assert_eq!(stored::get(tx, workspace, id)?.state, WebhookState::Active);
        assert_eq!(stored::list_troubled(tx)?.len(), 1);
        settle(tx, &one, &answer, pace, later + 5 * DAY)?;
        let webhook = stored::get(tx, workspace, id)?;
        let log = listing.page(tx)?.rows;
        assert!(
            log.iter().all(|one| one.state == DeliveryState::Failed),
            "{log:?}"
        );
        Ok(webhook)
    });
    let paused = paused.unwrap();
    assert_eq!(paused.state, WebhookState::Paused);
    assert!(paused.reason.as_ref().unwrap().contains("five days"));
    assert_eq!(bench.tell("lead.created", 4), 0);
    let on = Change {
        active: Some(true),
        ..Change::default()
    };
    bench.webhooks.change(&bench.owner, id, on).await.unwrap();
    let again = bench.webhooks.replay_failed(&bench.owner, id, 0).await;
    assert_eq!(again.unwrap(), 3);
    let log = bench.settled().await;
    assert!(log.iter().all(|one| one.state == DeliveryState::Sent));
    assert_eq!(receiver.got().len(), 3);
}

#[tokio::test]
async fn an_overloaded_webhook_is_left_alone_as_long_as_it_asks() {
    let receiver = Receiver::start(Reply::Status(429, "retry-after: 3600\r\n")).await;
    let bench = Bench::new(&[&receiver], QUICK);
    bench.make(&receiver, &[ALL]).await;
    bench.tell("lead.created", 1);
    while bench.log()[0].attempts == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let one = bench.log().remove(0);
    assert!(one.next_at > now() + 3_000_000, "{one:?}");
    bench.tell("lead.created", 2);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(receiver.got().len(), 1);
}

#[path = "webhooks_acts_tests.rs"]
mod acts_tests;

//! Appointments against a small calendar on this machine that can misbehave. `tests/caldav` speaks to a real one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::access::Scope;
use crate::egress::Secret;
use crate::store::Scoped;
use crate::store::conversations::{self, Channel, NewConversation};
use crate::tools::fixtures::{Desk, Reply, Server, say};
use crate::tools::{Approval, Asked, NewTool, Order, ToolError, ToolKind, Tools, Wanted};

/// Open from 9 to 17 o'clock UTC every day.
struct Always;

#[async_trait]
impl Opening for Always {
    async fn zone(&self, _: WorkspaceId) -> Result<TimeZone, StoreError> {
        Ok(TimeZone::get("Europe/Berlin").unwrap())
    }

    async fn open(
        &self,
        _: WorkspaceId,
        from: UnixMs,
        until: UnixMs,
    ) -> Result<Option<Open>, StoreError> {
        let days = from.div_euclid(DAY)..=until.div_euclid(DAY);
        let hour = 60 * MINUTE;
        let spans = days.map(|day| Span {
            from: day * DAY + 9 * hour,
            until: day * DAY + 17 * hour,
        });
        Ok(Some(Open {
            spans: spans.collect(),
            zone: "UTC".to_owned(),
        }))
    }
}

/// The objects of a calendar, by path.
type Objects = Arc<Mutex<BTreeMap<String, String>>>;

/// A calendar that keeps to the rules as far as they matter here.
fn calendar(objects: Objects) -> impl Fn(&str) -> Reply + Send + Sync {
    move |request: &str| {
        let mut objects = objects.lock().unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let mut line = head.lines().next().unwrap().split(' ');
        let (method, path) = (line.next().unwrap(), line.next().unwrap().to_owned());
        let plain = |status, body: &str| Reply::Say(status, "etag: \"1\"\r\n", body.to_owned());
        match method {
            "REPORT" => {
                let found: String = (objects.iter())
                    .map(|(path, data)| {
                        let data = data.replace('&', "&amp;").replace('<', "&lt;");
                        format!("<response><href>{path}</href><propstat><prop><C:calendar-data>{data}</C:calendar-data></prop></propstat></response>")
                    })
                    .collect();
                let body = format!(
                    "<multistatus xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">{found}</multistatus>"
                );
                Reply::Say(207, "content-type: application/xml\r\n", body)
            }
            "PUT" if objects.contains_key(&path) && head.contains("if-none-match: *") => {
                plain(412, "")
            }
            "PUT" => {
                objects.insert(path, body.to_owned());
                plain(201, "")
            }
            "GET" => match objects.get(&path) {
                Some(data) => plain(200, data),
                None => plain(404, ""),
            },
            "DELETE" if !head.contains("if-match: \"1\"") => plain(428, ""),
            "DELETE" => plain(
                if objects.remove(&path).is_some() {
                    204
                } else {
                    404
                },
                "",
            ),
            _ => plain(405, ""),
        }
    }
}

fn tool(server: &Server) -> NewTool {
    NewTool {
        wanted: Wanted {
            kind: ToolKind::Calendar,
            name: "visits".to_owned(),
            title: "Visits".to_owned(),
            about: String::new(),
            arguments: Value::Null,
            settings: json!({ "url": server.url("/cal"), "user": "anna", "notice": 0, "buffer": 0, "title": "Visit" }),
            approval: Approval::Free,
            timeout_ms: 5_000,
            most_bytes: 100_000,
            active: true,
        },
        secret: Some(Secret::new("hunter2")),
    }
}

async fn desk(server: &Server) -> (Desk, Scoped<Tool>) {
    let desk = Desk::new(server, Some(Arc::new(Always))).await;
    let tool = desk.make(tool(server)).await;
    (desk, tool)
}

async fn call(
    tools: &Tools,
    tool: &Scoped<Tool>,
    arguments: Value,
    key: &str,
) -> Result<Value, ToolError> {
    let answer = tools.call(tool, arguments, key, &Asked::default()).await?;
    Ok(answer.json.unwrap())
}

/// 10 o'clock UTC in `days` days.
fn ten(days: i64) -> String {
    show(
        (now().div_euclid(DAY) + days) * DAY + 600 * MINUTE,
        &TimeZone::UTC,
    )
}

fn starts(answer: &Value) -> Vec<String> {
    let slots = answer["slots"].as_array().unwrap().iter();
    slots
        .map(|slot| slot["start"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_free_time_is_booked_once_and_is_free_again_after_cancelling() {
    let objects = Objects::default();
    let server = Server::start(calendar(objects.clone())).await;
    let (desk, tool) = desk(&server).await;
    let look = || json!({ "action": "free", "from": ten(2), "until": ten(3) });
    let free = call(&desk.tools, &tool, look(), "f1").await.unwrap();
    assert!(starts(&free).contains(&ten(2)), "{free}");

    let visit =
        || json!({ "action": "request", "start": ten(2), "name": "Ada & <Co>", "contact": "0171" });
    let booked = call(&desk.tools, &tool, visit(), "v1").await.unwrap();
    let event = booked["event"].as_str().unwrap().to_owned();
    assert_eq!(
        (&booked["start"], objects.lock().unwrap().len()),
        (&json!(ten(2)), 1)
    );
    assert_eq!(
        call(&desk.tools, &tool, visit(), "v1").await.unwrap(),
        booked,
        "the same key"
    );
    let free = call(&desk.tools, &tool, look(), "f2").await.unwrap();
    assert!(!starts(&free).contains(&ten(2)), "{free}");
    let taken = call(&desk.tools, &tool, visit(), "v2").await.unwrap_err();
    assert!(taken.to_string().contains("not free any more"), "{taken}");

    let cancel = json!({ "action": "cancel", "event": event });
    call(&desk.tools, &tool, cancel.clone(), "c1")
        .await
        .unwrap();
    assert!(objects.lock().unwrap().is_empty());
    call(&desk.tools, &tool, cancel, "c2").await.unwrap();
    let got = server.got();
    assert!(
        got.iter()
            .all(|request| request.contains("authorization: Basic YW5uYTpodW50ZXIy"))
    );
}

#[tokio::test]
async fn of_many_who_want_the_same_time_one_gets_it() {
    let objects = Objects::default();
    let server = Server::start(calendar(objects.clone())).await;
    let (desk, tool) = desk(&server).await;
    let calls = (0..8).map(|n| {
        let (tools, tool) = (desk.tools.clone(), tool.clone());
        tokio::spawn(async move {
            let visit =
                json!({ "action": "request", "start": ten(2), "name": format!("Guest {n}") });
            call(&tools, &tool, visit, &format!("k{n}")).await.is_ok()
        })
    });
    let calls: Vec<_> = calls.collect();
    let mut won = 0;
    for ended in calls {
        won += usize::from(ended.await.unwrap());
    }
    assert_eq!((won, objects.lock().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn an_appointment_of_somebody_else_that_came_first_stays() {
    let objects = Objects::default();
    let inner = calendar(objects.clone());
    let foreign = objects.clone();
    // Another program writes between looking and writing.
    let server = Server::start(move |request: &str| {
        if request.starts_with("PUT") {
            let span = Span {
                from: time_of(&ten(2)).unwrap(),
                until: time_of(&ten(2)).unwrap() + 30 * MINUTE,
            };
            let event = events::write("other", "Meeting", span, &Guest::default(), 0);
            foreign
                .lock()
                .unwrap()
                .insert("/cal/other.ics".to_owned(), event);
        }
        inner(request)
    })
    .await;
    let (desk, tool) = desk(&server).await;
    let visit = json!({ "action": "request", "start": ten(2), "name": "Ada" });
    let lost = call(&desk.tools, &tool, visit, "v").await.unwrap_err();
    assert!(lost.to_string().contains("not free any more"), "{lost}");
    let left: Vec<String> = objects.lock().unwrap().keys().cloned().collect();
    assert_eq!(left, ["/cal/other.ics"]);
}

#[tokio::test]
async fn times_outside_the_rules_and_events_of_others_are_refused() {
    let server = Server::start(calendar(Objects::default())).await;
    let (desk, tool) = desk(&server).await;
    let night = ten(2).replace("T10:", "T20:");
    for start in [night, ten(-1), ten(90)] {
        let visit = json!({ "action": "request", "start": start, "name": "Ada" });
        let refused = call(&desk.tools, &tool, visit, &start).await.unwrap_err();
        assert!(
            refused.to_string().contains("opening hours"),
            "{start}: {refused}"
        );
    }
    for event in ["other", "../x", "frontdesk-1"] {
        let cancel = json!({ "action": "cancel", "event": event });
        let refused = call(&desk.tools, &tool, cancel, event).await;
        assert!(
            matches!(refused, Err(ToolError::Arguments(_))),
            "{event}: {refused:?}"
        );
    }
    assert!(server.got().is_empty());
}

#[tokio::test]
async fn a_calendar_that_misbehaves_offers_nothing() {
    let broken = "<multistatus><response><href>/x</href><prop><calendar-data>hello</calendar-data></prop></response></multistatus>";
    for (name, reply) in [
        ("no XML", say(207, json!({}))),
        ("no iCalendar", Reply::Say(207, "", broken.to_owned())),
        ("refuses", say(401, json!({}))),
        (
            "redirects inside",
            Reply::Say(301, "location: http://10.0.0.1/\r\n", String::new()),
        ),
        ("no calendar", say(405, json!({}))),
        ("never ends", Reply::Endless),
        ("fails", say(500, json!({}))),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let (desk, tool) = desk(&server).await;
        let free = call(&desk.tools, &tool, json!({ "action": "free" }), "f").await;
        assert!(
            matches!(free, Err(ToolError::Failed(_))),
            "{name}: {free:?}"
        );
    }
}

#[tokio::test]
async fn looking_needs_no_yes_and_without_hours_nothing_is_offered() {
    let server = Server::start(calendar(Objects::default())).await;
    let desk = Desk::new(&server, None).await;
    let mut new = tool(&server);
    new.wanted.approval = Approval::Staff;
    let tool = desk.make(new).await;
    let free = call(&desk.tools, &tool, json!({ "action": "free" }), "f")
        .await
        .unwrap_err();
    assert!(free.to_string().contains("not confirmed"), "{free}");
    let visit = json!({ "action": "request", "start": ten(2), "name": "Ada" });
    let waits = call(&desk.tools, &tool, visit, "v").await;
    assert!(matches!(waits, Err(ToolError::AsksStaff(_))), "{waits:?}");
    assert_eq!(
        desk.tools
            .waiting(&desk.by(&[Scope::Conversations]), None)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_workflow_books_by_the_clock_of_the_business() {
    let objects = Objects::default();
    let server = Server::start(calendar(objects.clone())).await;
    let (desk, tool) = desk(&server).await;
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let at: Timestamp = ten(2).parse().unwrap();
    let at = at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let workspace = desk.workspace;
    let new = NewConversation {
        assistant: None,
        channel: Channel::Chat,
        visitor: None,
        title: "",
        begun_by: None,
        page: None,
    };
    let made = desk
        .store
        .write(move |tx| Ok(conversations::create(tx, workspace, &new, 1)?.id));
    let texts = [
        ("action", "request"),
        ("start", at.as_str()),
        ("minutes", "60"),
        ("name", "42"),
        ("note", ""),
    ];
    let order = Order {
        workspace,
        conversation: made.await.unwrap(),
        tool: tool.name.clone(),
        texts: texts
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
        key: "run-0".to_owned(),
    };
    for _ in 0..2 {
        let booked = desk.tools.call_ordered(order.clone()).await.unwrap();
        let start: Timestamp = booked.json.unwrap()["start"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(start, ten(2).parse().unwrap());
    }
    assert_eq!(objects.lock().unwrap().len(), 1);
    let gone = Order {
        tool: "other".to_owned(),
        ..order
    };
    let gone = desk.tools.call_ordered(gone).await;
    assert!(
        matches!(gone, Err(ToolError::Store(StoreError::NotFound(_)))),
        "{gone:?}"
    );
}

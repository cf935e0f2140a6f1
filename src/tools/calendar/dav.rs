//! Requests to a calendar's server: what is there (`PROPFIND`), events of a span (`REPORT`), writing (`PUT`), removing (`DELETE`).

use http::header::AUTHORIZATION;
use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

use super::slots::Span;
use super::xml::{self, Resource};
use crate::egress::{
    Carrier, Class, Limits, Method, Part, Purpose, Request, Response, Sealed, Secret,
};
use crate::reason::Reason;
use crate::store::UnixMs;
use crate::tools::send::{Failure, Line, basic, check_url, explain, whole};

/// What came of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    Written,
    /// A resource of this name exists.
    WasThere,
}

/// A calendar with whoever may use it.
pub(super) struct Dav<'a> {
    line: &'a Line<'a>,
    /// The calendar; it ends with a slash.
    url: Url,
    secret: Option<Secret>,
    most_bytes: u64,
    deadline: Instant,
}

const PROPFIND: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/></d:prop></d:propfind>"#;

impl<'a> Dav<'a> {
    pub(super) fn new(line: &'a Line<'a>, url: Url, user: &str, most_bytes: u64) -> Self {
        let secret = line.secret.as_ref().map(|password| basic(user, password));
        Self {
            line,
            url,
            secret,
            most_bytes,
            deadline: Instant::now() + line.timeout,
        }
    }

    /// The objects with events in a span.
    pub(super) async fn find(&self, span: Span) -> Result<Vec<String>, Failure> {
        let body = format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop>
<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="{}" end="{}"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"#,
            utc(span.from),
            utc(span.until)
        );
        let request = Request {
            body: vec![Part::new(Class::Business, body)],
            headers: vec![("depth", "1".to_owned())],
            ..self.request(Method::Report, self.url.clone())
        };
        let response = self.send(request, true).await?;
        match response.status {
            207 => {
                let found = read(response).await?;
                Ok(found
                    .into_iter()
                    .filter_map(|resource| resource.data)
                    .collect())
            }
            _ => Err(self.refused(response).await),
        }
    }

    /// Writes an event, unless one of its name exists.
    pub(super) async fn put(&self, uid: &str, event: String) -> Result<Put, Failure> {
        let request = Request {
            body: vec![Part::new(Class::Customer, event)],
            content_type: "text/calendar; charset=utf-8",
            headers: vec![("if-none-match", "*".to_owned())],
            ..self.request(Method::Put, self.resource(uid)?)
        };
        // Whoever repeats it finds what the first attempt wrote.
        let response = self.send(request, false).await?;
        match response.status {
            200..=299 => {
                close(response).await;
                Ok(Put::Written)
            }
            412 => {
                close(response).await;
                Ok(Put::WasThere)
            }
            _ => Err(self.refused(response).await),
        }
    }

    /// Removes an event as it is now; it is no error if it is gone already.
    pub(super) async fn cancel(&self, uid: &str) -> Result<(), Failure> {
        // Somebody may change it between looking and removing; look again once.
        for _ in 0..2 {
            let found = self
                .send(self.request(Method::Get, self.resource(uid)?), true)
                .await?;
            let etag = match found.status {
                200..=299 => found.header("etag").map(str::to_owned),
                404 | 410 => return close_as(found, Ok(())).await,
                _ => return Err(self.refused(found).await),
            };
            close(found).await;
            let request = Request {
                headers: etag.map(|etag| ("if-match", etag)).into_iter().collect(),
                ..self.request(Method::Delete, self.resource(uid)?)
            };
            let response = self.send(request, false).await?;
            match response.status {
                200..=299 | 404 | 410 => return close_as(response, Ok(())).await,
                412 => close(response).await,
                _ => return Err(self.refused(response).await),
            }
        }
        Err(Failure::sure(
            "the appointment is being changed by somebody else; try again",
        ))
    }

    /// Why a calendar did not answer as one: what is at its address.
    async fn refused(&self, response: Response) -> Failure {
        let status = response.status;
        close(response).await;
        let told = match status {
            401 | 403 => "the calendar refused the name or the password".to_owned(),
            300..=399 => "the calendar's address redirects, which is not followed; enter the one that it leads to".to_owned(),
            404 | 405 | 409 | 415 | 501 => self.look().await,
            507 => "the calendar is full".to_owned(),
            _ => format!("the calendar failed (status {status})"),
        };
        Failure {
            status: Some(status),
            ..Failure::sure(told)
        }
    }

    /// What lies at the address that is no calendar.
    async fn look(&self) -> String {
        let none = "there is no calendar at this address".to_owned();
        let request = Request {
            body: vec![Part::new(Class::Public, PROPFIND)],
            headers: vec![("depth", "1".to_owned())],
            ..self.request(Method::Propfind, self.url.clone())
        };
        let Ok(response) = self.send(request, true).await else {
            return none;
        };
        let Ok(found) = read(response).await else {
            return none;
        };
        let calendars: Vec<String> = (found.into_iter())
            .filter(|resource| resource.is_calendar)
            .filter_map(|resource| Some(self.url.join(&resource.href).ok()?.to_string()))
            .take(5)
            .collect();
        match calendars.is_empty() {
            true => none,
            false => format!("{none}; these are: {}", calendars.join(", ")),
        }
    }

    fn resource(&self, uid: &str) -> Result<Url, Failure> {
        let named = self.url.join(&format!("{uid}.ics"));
        named.map_err(|error| Failure::sure(Reason::of(error)))
    }

    fn request(&self, method: Method, url: Url) -> Request {
        let secrets = self
            .secret
            .clone()
            .map(|secret| (Carrier::Header(AUTHORIZATION), Sealed::to(&url, secret)));
        Request {
            workspace: Some(self.line.workspace),
            content_type: "application/xml; charset=utf-8",
            secrets: secrets.into_iter().collect(),
            limits: Limits {
                bytes: self.most_bytes,
                sent: 256 << 10,
                time: whole(self.deadline.saturating_duration_since(Instant::now())),
                redirects: 0,
            },
            ..Request::new(Purpose::Calendar, method, url)
        }
    }

    async fn send(&self, request: Request, is_repeatable: bool) -> Result<Response, Failure> {
        check_url(self.line.gateway, Purpose::Calendar, &request.url).map_err(Failure::sure)?;
        let sent = self.line.gateway.send(request).await;
        sent.map_err(|error| explain(error, is_repeatable))
    }
}

async fn read(response: Response) -> Result<Vec<Resource>, Failure> {
    let body = response
        .bytes()
        .await
        .map_err(|error| explain(error, true))?;
    xml::read(&String::from_utf8_lossy(&body)).map_err(Failure::sure)
}

/// What a server says beside its status does not matter.
async fn close(response: Response) {
    let _closed = response.discard().await;
}

async fn close_as<T>(response: Response, as_what: T) -> T {
    close(response).await;
    as_what
}

/// `20261224T093000Z`
fn utc(at: UnixMs) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

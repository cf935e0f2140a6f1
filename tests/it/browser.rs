//! A browser with its cookies, and a person with a phone at it.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use frontdesk::http::auth::SESSION_COOKIE;
use frontdesk::http::server::Peer;
use frontdesk::store::UserId;
use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::app::{Reply, TestApp, now};

/// The password of everybody here.
pub const PASSWORD: &str = "four plain words here";
/// The page of the second factor.
pub const PAGE: &str = "/account/second-factor";
const WAITING_COOKIE: &str = "frontdesk_sign_in";

/// Makes an account that signs in with its name; its id.
pub async fn person(app: &TestApp, name: &str, role: &str) -> UserId {
    let new = json!({"name": name, "email": format!("{name}@example.com"), "role": role, "password": PASSWORD});
    let made = app.post("/api/v1/accounts", new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made.json()["id"].as_str().unwrap().parse().unwrap()
}

/// What an app shows that has the secret, so many steps of 30 seconds from now.
pub fn code(secret: &str, steps: i64) -> String {
    let app = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap());
    let at = u64::try_from(now() / 1000 + steps * 30).unwrap();
    app.build().unwrap().generate(at).to_string()
}

/// Another code than this one.
pub fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// As if so much time had passed that every code of now is new.
pub async fn much_later(app: &TestApp) {
    let forget = |sql| app.app.store.write(move |tx| Ok(tx.execute(sql, ())?));
    forget("UPDATE second_factors SET last_step = 0")
        .await
        .unwrap();
}

/// What a person has who turned the second factor on.
pub struct Phone {
    pub secret: String,
    /// The code that turned it on.
    pub first: String,
    pub recovery: Vec<String>,
}

/// A browser with its cookies.
pub struct Browser<'a> {
    app: &'a TestApp,
    /// Where it is.
    pub peer: SocketAddr,
    /// The cookie of its session.
    pub session: String,
    /// The cookie of a sign-in that waits for the code.
    pub waiting: String,
}

impl<'a> Browser<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            peer: SocketAddr::from(([192, 0, 2, 1], 4000)),
            session: String::new(),
            waiting: String::new(),
        }
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        self.send(Request::builder().uri(path), "").await
    }

    pub async fn post(&mut self, path: &str, form: &str) -> Reply {
        let post = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(post, form).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: &str) -> Reply {
        let cookies = format!(
            "{SESSION_COOKIE}={}; {WAITING_COOKIE}={}",
            self.session, self.waiting
        );
        let request = request
            .header(header::HOST, "desk.example")
            .header(header::COOKIE, cookies)
            .extension(Peer::Address(self.peer))
            .body(Body::from(body.to_owned()));
        let reply = self.app.send(request.unwrap()).await;
        for cookie in reply.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            match name {
                SESSION_COOKIE => self.session = value,
                WAITING_COOKIE => self.waiting = value,
                other => panic!("{other}"),
            }
        }
        reply
    }

    pub async fn password(&mut self, name: &str) -> Reply {
        let form = format!(
            "email={name}%40example.com&password={}&next=%2Fchat",
            PASSWORD.replace(' ', "+")
        );
        self.post("/login", &form).await
    }

    pub async fn code(&mut self, code: &str) -> Reply {
        self.post("/login/code", &format!("code={code}&next=%2Fchat"))
            .await
    }

    pub async fn is_in(&mut self) -> bool {
        self.get("/account").await.status == StatusCode::OK
    }

    /// Turns the second factor on.
    pub async fn turn_on(&mut self) -> Phone {
        let form = format!("password={}", PASSWORD.replace(' ', "+"));
        let shown = self.post(PAGE, &form).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
        let secret = between(shown.text(), "<code id=\"secret\">", "</code>").replace(' ', "");
        let first = code(&secret, 0);
        let form = format!("code={first}");
        let on = self.post(&format!("{PAGE}/confirm"), &form).await;
        assert_eq!(on.status, StatusCode::OK, "{}", on.text());
        let list = between(on.text(), "id=\"codes\">", "</ul>");
        let codes = list.split("<code>").skip(1);
        let codes = codes.map(|c| c.split("</code>").next().unwrap().to_owned());
        Phone {
            secret,
            first,
            recovery: codes.collect(),
        }
    }
}

/// What stands between the first `from` and the next `to`.
pub fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("{from}: {text}")) + from.len();
    let rest = &text[start..];
    &rest[..rest.find(to).unwrap()]
}

/// Where a redirect leads.
pub fn leads_to(reply: &Reply) -> &str {
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    reply.header("location")
}

/// That a reply is of this status and says why.
pub fn refused(reply: &Reply, status: StatusCode, why: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert!(reply.text().contains(why), "{why}: {}", reply.text());
}

//! People of staff at their browsers, and conversations for them.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use frontdesk::http::auth::SESSION_COOKIE;
use frontdesk::store::conversations::{self, Channel, NewConversation};
use frontdesk::store::messages::{self, MessageState, NewMessage, Speaker};
use frontdesk::store::token::{Token, TokenKind};
use frontdesk::store::users::{self, NewUser, Role};
use frontdesk::store::{ConversationId, MessageId, UserId, sessions};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, now};

/// Somebody who is signed in.
pub struct Staff<'a> {
    app: &'a TestApp,
    pub id: UserId,
    session: String,
}

impl<'a> Staff<'a> {
    pub async fn new(app: &'a TestApp, name: &str, role: Role) -> Self {
        let token = Token::generate(TokenKind::Session).unwrap();
        let (hash, name) = (token.hash(), name.to_owned());
        let made = app.app.store.write(move |tx| {
            let email = format!("{}@example.com", name.replace(' ', "."));
            let new = NewUser {
                email: &email,
                name: &name,
                password_hash: None,
                role,
            };
            let id = users::create(tx, &new, now())?;
            sessions::create(tx, id, &hash, now(), now() + 3_600_000)?;
            Ok(id)
        });
        Self {
            app,
            id: made.await.unwrap(),
            session: token.reveal().to_owned(),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "desk.example")
            .header(header::ORIGIN, "http://desk.example")
            .header(header::COOKIE, format!("{SESSION_COOKIE}={}", self.session))
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> Reply {
        let request = self
            .request(method, path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        self.app.send(request.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        let request = self.request(Method::GET, path).body(Body::empty());
        self.app.send(request.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, body).await
    }

    /// Does something with a conversation that must work.
    pub async fn act(&self, id: ConversationId, verb: &str, body: Value) -> Value {
        let reply = self.post(&format!("/api/v1/inbox/{id}/{verb}"), body).await;
        assert!(
            reply.status.is_success(),
            "{verb}: {} {}",
            reply.status,
            reply.text()
        );
        match reply.status {
            StatusCode::NO_CONTENT => json!(null),
            _ => reply.json(),
        }
    }

    /// The ids of a list.
    pub async fn list(&self, query: &str) -> Vec<String> {
        let reply = self.get(&format!("/api/v1/inbox{query}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{query}: {}", reply.text());
        ids(&reply.json())
    }
}

pub fn ids(list: &Value) -> Vec<String> {
    let rows = list["conversations"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

/// A conversation in which a visitor wrote this.
pub async fn talk(app: &TestApp, workspace: &str, said: &str) -> ConversationId {
    let workspace = app.workspace(workspace).await;
    let said = said.to_owned();
    let begun = app.app.store.write(move |tx| {
        let new = NewConversation {
            assistant: None,
            channel: Channel::Chat,
            visitor: None,
            title: &said,
            begun_by: None,
            page: Some("https://shop.example/prices"),
        };
        let begun = conversations::create(tx, workspace, &new, now())?;
        write(tx, &begun, Speaker::User, &said)?;
        Ok(begun.id)
    });
    begun.await.unwrap()
}

/// Lets somebody say something in a conversation.
pub async fn say(app: &TestApp, id: ConversationId, role: Speaker, text: &str) -> MessageId {
    let workspace = app.workspace("default").await;
    let text = text.to_owned();
    let said = app.app.store.write(move |tx| {
        let of = conversations::get(tx, workspace, id)?;
        write(tx, &of, role, &text)
    });
    said.await.unwrap()
}

fn write(
    tx: &frontdesk::store::Transaction<'_>,
    of: &frontdesk::store::Scoped<conversations::Conversation>,
    role: Speaker,
    text: &str,
) -> Result<MessageId, frontdesk::store::StoreError> {
    let new = NewMessage {
        role,
        text,
        state: MessageState::Complete,
        client_id: None,
        author: None,
    };
    Ok(messages::append(tx, of, &new, now())?.into_message().id)
}

//! What a visitor says about themselves in the form before the chat, and agrees to. It stands in the conversation, so that staff
//! read it there, and goes where the conversation goes: into copies, and away when it is erased.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Guest;
use super::assistant::for_visitors;
use super::options::{Asked, AskedField, WidgetOptions};
use super::rate::Deed;
use super::settings::WidgetSettings;
use crate::contacts::Given;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::leads::{self, Agreed};
use crate::mail::parse_address;
use crate::store::conversations::Channel;
use crate::store::messages::{self, MessageState, NewMessage, Speaker};
use crate::store::workspaces;

/// In characters.
const LONGEST: usize = 120;
/// In digits: the shortest numbers in use, and the longest of E.164.
const DIGITS: std::ops::RangeInclusive<usize> = 5..=15;

/// What a visitor says about themselves before they write.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct IntroductionRequest {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    /// The text that they agreed to, word for word.
    consent: Option<String>,
    /// Address of the page that they are on.
    page: Option<String>,
}

/// Says who the visitor is, and what they agreed to, before they write.
#[utoipa::path(post, path = "/api/v1/visit/introduce", tag = "visitors", operation_id = "introduceVisitor",
    request_body = IntroductionRequest,
    responses((status = 204, description = "Kept"), (status = 400, body = ProblemView<'_>),
              (status = 401, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn introduce(
    guest: Guest,
    Json(request): Json<IntroductionRequest>,
) -> Result<StatusCode, Problem> {
    let (app, visitor) = (&guest.app, &guest.visitor);
    let workspace = visitor.workspace;
    let read = app.store.read(move |conn| {
        workspaces::section::<WidgetSettings>(conn, workspace, WidgetSettings::SECTION)
    });
    let options = read.await?.options;
    let page = request.page.clone();
    let (said, who) = write(&options, request)?;
    // A form without a required field may stay empty.
    if said.is_empty() {
        return Ok(StatusCode::NO_CONTENT);
    }
    guest.count(Deed::Introduction)?;
    let assistant = for_visitors(app, workspace, None, visitor.assistant).await?;
    let page = page.as_deref();
    let own = Guest::conversation(app, visitor, assistant.id, Channel::Chat, page).await?;
    let agreed = (!options.consent.is_empty()).then(|| Agreed {
        text: options.consent.clone(),
        given: true,
    });
    let kept = app.store.write(move |tx| {
        let now = now_ms();
        leads::introduce(tx, &own, &who, agreed.as_ref(), now)?;
        let note = NewMessage {
            role: Speaker::System,
            text: &said,
            state: MessageState::Complete,
            client_id: Some("introduction"),
            author: None,
        };
        messages::append(tx, &own, &note, now).map(drop)
    });
    kept.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks what was said, and puts it into words.
fn write(
    options: &WidgetOptions,
    request: IntroductionRequest,
) -> Result<(String, Given), Problem> {
    let tidy = |text: Option<String>| text.unwrap_or_default().trim().to_owned();
    let mut lines = Vec::new();
    let mut who = Given::default();
    for (field, name, label, text) in [
        (AskedField::Name, "name", "Name", tidy(request.name)),
        (AskedField::Email, "email", "E-mail", tidy(request.email)),
        (AskedField::Phone, "phone", "Phone", tidy(request.phone)),
    ] {
        let required = |asked: &Asked| asked.field == field && asked.required;
        if text.is_empty() {
            if options.pre_chat.iter().any(required) {
                return Err(Problem::invalid(name, format!("{name} is needed here")));
            }
            continue;
        }
        if text.chars().count() > LONGEST {
            let wrong = format!("{name} may have at most {LONGEST} characters");
            return Err(Problem::invalid(name, wrong));
        }
        let text = match field {
            AskedField::Email => {
                parse_address(&text).map_err(|told| Problem::invalid(name, told))?
            }
            AskedField::Phone if !is_phone(&text) => {
                let wrong = "this is not a telephone number; one looks like +49 30 123456";
                return Err(Problem::invalid(name, wrong));
            }
            _ => text.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        lines.push(format!("{label}: {text}"));
        match field {
            AskedField::Name => who.name = Some(text),
            AskedField::Email => who.email = Some(text),
            AskedField::Phone => who.phone = Some(text),
        }
    }
    if !options.consent.is_empty() {
        if tidy(request.consent) != options.consent {
            return Err(Problem::invalid(
                "consent",
                "agree to the text before you write",
            ));
        }
        lines.push(format!("\u{2611} {}", options.consent));
    }
    Ok((lines.join("\n"), who))
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text
        .chars()
        .all(|sign| sign.is_ascii_digit() || "+ ()-/.".contains(sign));
    rest && DIGITS.contains(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(
        options: &WidgetOptions,
        name: &str,
        email: &str,
        phone: &str,
        consent: &str,
    ) -> Option<String> {
        let some = |text: &str| Some(text.to_owned());
        let request = IntroductionRequest {
            name: some(name),
            email: some(email),
            phone: some(phone),
            consent: some(consent),
            page: None,
        };
        write(options, request).ok().map(|(said, _)| said)
    }

    #[test]
    fn what_is_required_must_be_said() {
        let options = WidgetOptions {
            pre_chat: vec![Asked {
                field: AskedField::Email,
                required: true,
            }],
            consent: "I agree.".into(),
            ..WidgetOptions::default()
        };
        let good = says(
            &options,
            " Ann\nB ",
            "ann@example.com",
            "+49 30 123",
            "I agree.",
        );
        let expected = "Name: Ann B\nE-mail: ann@example.com\nPhone: +49 30 123\n\u{2611} I agree.";
        assert_eq!(good.as_deref(), Some(expected));
        for (email, phone, consent) in [
            ("", "", "I agree."),
            ("ann", "", "I agree."),
            ("ann@example.com", "call me", "I agree."),
            ("ann@example.com", "12", "I agree."),
            ("ann@example.com", "", "No."),
        ] {
            assert_eq!(
                says(&options, "Ann", email, phone, consent),
                None,
                "{email} {phone} {consent}"
            );
        }
        let nothing = says(&WidgetOptions::default(), "", "", "", "");
        assert_eq!(nothing.as_deref(), Some(""));
    }
}

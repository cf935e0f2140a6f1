//! Asks before a form does what is hard to take back. Scripts ask on the page itself (`fd-confirm.js`) and take the
//! form's hidden field `ask` away; where no script runs, the field arrives, and this server asks instead.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::{error_page, pages, view};
use crate::http::problem::Problem;

/// The hidden field of a form that is to be asked about first.
const FIELD: &str = "ask";
/// In bytes; the largest form that is accepted.
const LARGEST: usize = 2 << 20;

/// A form that asks first.
struct Question {
    /// `*` stands for an id.
    path: &'static str,
    /// How many parts of the path lead back to the page of the form.
    back: usize,
    asks: &'static str,
    /// What follows from it; may be empty.
    then: &'static str,
}

const fn ask(path: &'static str, back: usize, asks: &'static str, then: &'static str) -> Question {
    Question {
        path,
        back,
        asks,
        then,
    }
}

/// Every form inside an `<fd-confirm>`.
const QUESTIONS: &[Question] = &[
    ask(
        "/account/sign-out-others",
        1,
        "Do you really want to sign out everywhere else?",
        "Whoever uses your account in another browser has to sign in again.",
    ),
    ask(
        "/sign-on/*/delete",
        1,
        "Do you really want to delete this sign-in server?",
        "Nobody signs in through it any more. Accounts and roles stay.",
    ),
    ask(
        "/account/passkeys/*/remove",
        1,
        "Do you really want to remove this passkey?",
        "It signs you in no more. Also delete it where it is kept.",
    ),
    ask(
        "/accounts/*/erase",
        1,
        "Do you really want to erase this account for good?",
        "They are out of every workspace at once, and API keys that they made stop working. This cannot be undone. What they wrote \
         to visitors stays.",
    ),
    ask(
        "/accounts/*/take-out",
        1,
        "Do you really want to take this person out of the workspace?",
        "They are signed out of it at once. Their account and other workspaces stay.",
    ),
    ask(
        "/accounts/*/second-factor",
        1,
        "Do you really want to reset their second factor?",
        "Until they set up a new one, their password alone signs them in.",
    ),
    ask(
        "/accounts/*/suspend",
        1,
        "Do you really want to suspend this person?",
        "They are signed out everywhere at once, and cannot sign in until you let them in again.",
    ),
    ask(
        "/backups/recovery-key",
        1,
        "Do you really want to make a new recovery key?",
        "The backups that you already have open only with the old one.",
    ),
    ask(
        "/backups/target/remove",
        1,
        "Do you really want to stop copying backups?",
        "The copies already there stay.",
    ),
    ask(
        "/calls/*/delete",
        2,
        "Do you really want to delete this call with its transcript, flow log and recording?",
        "This cannot be undone. The receipts of its answers stay.",
    ),
    ask(
        "/calls/*/recording/delete",
        2,
        "Do you really want to delete the recording of this call?",
        "The transcript stays. This cannot be undone.",
    ),
    ask(
        "/contacts/*/erase",
        2,
        "Do you really want to erase this contact for good?",
        "This cannot be undone.",
    ),
    ask(
        "/contacts/*/merge",
        2,
        "Do you really want to move everything of the other contact to this one?",
        "It cannot be undone.",
    ),
    ask(
        "/contacts/fields/remove",
        1,
        "Do you really want to remove this field?",
        "It disappears from all contacts. What was entered comes back with a field of the same name.",
    ),
    ask(
        "/crm/accounts/*/disconnect",
        3,
        "Do you really want to disconnect this account?",
        "Nothing is read or written there any more. What is held here goes too, unless you chose to keep it.",
    ),
    ask(
        "/crm/accounts/*/erase",
        3,
        "Do you really want to erase what is held here?",
        "This cannot be undone. What stands in the CRM stays there.",
    ),
    ask(
        "/crm/integrations/forget",
        1,
        "Do you really want to forget this integration?",
        "Accounts that were connected through it stop working within a day.",
    ),
    ask(
        "/desk/replies/*/delete",
        1,
        "Do you really want to delete this canned reply?",
        "This cannot be undone.",
    ),
    ask(
        "/desk/teams/*/delete",
        1,
        "Do you really want to delete this team?",
        "Its conversations stay, but belong to no team.",
    ),
    ask(
        "/documents/*/delete",
        2,
        "Do you really want to delete this document with all its versions?",
        "Answers stop using it at once, and this cannot be undone.",
    ),
    ask(
        "/documents/*/hidden",
        2,
        "Do you really want to read the hidden parts of this file as well?",
        "Visitors may then get answers from them, so look at its hidden sheets, columns, notes and comments first.",
    ),
    ask(
        "/documents/*/rollback",
        2,
        "Do you really want to answer from this version from now on?",
        "The other versions are kept, and you can return to them the same way.",
    ),
    ask(
        "/facts/*/delete",
        1,
        "Do you really want to remove this fact?",
        "",
    ),
    ask(
        "/facts/confirm-all",
        1,
        "Do you really want to confirm all proposed facts?",
        "Answers are computed from them at once.",
    ),
    ask(
        "/faq/*/delete",
        1,
        "Do you really want to delete this question and its answer?",
        "Visitors no longer get it.",
    ),
    ask(
        "/golden/*/delete",
        1,
        "Do you really want to delete this golden question?",
        "",
    ),
    ask(
        "/keys/*/revoke",
        1,
        "Do you really want to revoke this key?",
        "The program that uses it stops working at once.",
    ),
    ask(
        "/mail/remove",
        1,
        "Do you really want to turn e-mail off?",
        "Servers and passwords are forgotten, and the messages that wait are not sent.",
    ),
    ask(
        "/plans/*/delete",
        1,
        "Do you really want to delete this plan?",
        "It works only while no workspace has it.",
    ),
    ask(
        "/privacy/erase",
        1,
        "Do you really want to erase what is ticked, and everything that belongs to it, for good?",
        "This cannot be undone.",
    ),
    ask(
        "/providers/*/delete",
        2,
        "Do you really want to delete this provider with its key?",
        "What it does stays on this machine from then on.",
    ),
    ask(
        "/quality/gate/discard",
        1,
        "Do you really want to discard everything that is waiting?",
        "Uploaded files are deleted for good.",
    ),
    ask(
        "/quality/gate/publish",
        1,
        "Do you really want to publish in spite of what the test found?",
        "It goes live at once.",
    ),
    ask(
        "/scores/*/delete",
        2,
        "Do you really want to delete this analysis?",
        "The conversation itself stays.",
    ),
    ask(
        "/sources/*/delete",
        1,
        "Do you really want to delete this source and all documents that came from it?",
        "",
    ),
    ask(
        "/tools/*/delete",
        2,
        "Do you really want to delete this tool and its secret?",
        "What it did stays in the log.",
    ),
    ask(
        "/usage/licence/*/remove",
        1,
        "Do you really want to remove this licence here?",
        "Its key can then be used on another machine.",
    ),
    ask(
        "/voice/words/delete",
        1,
        "Do you really want to delete this pronunciation?",
        "",
    ),
    ask(
        "/webhooks/*/delete",
        2,
        "Do you really want to delete this webhook and its log?",
        "The other program is told nothing more.",
    ),
    ask(
        "/webhooks/*/pause",
        2,
        "Do you really want to pause this webhook?",
        "What waits to be sent is given up, and what happens meanwhile is not told.",
    ),
    ask(
        "/webhooks/*/rotate",
        2,
        "Do you really want to make a new secret?",
        "The present one signs as well for a day.",
    ),
    ask(
        "/widget/identity",
        1,
        "Do you really want to make a new key?",
        "What your website’s server signs with the present one is refused from then on, and chats of signed-in visitors begin anew.",
    ),
    ask(
        "/widget/logo/remove",
        1,
        "Do you really want to remove the logo?",
        "Visitors see the title alone.",
    ),
    ask(
        "/widget/site-key",
        1,
        "Do you really want to make a new key?",
        "Lines with the current key stop working, at once or after the days that you chose. Put the new line into your pages.",
    ),
    ask(
        "/workflows/*/delete",
        2,
        "Do you really want to delete this workflow with its versions?",
        "Conversations that are in it end it with their next message.",
    ),
];

/// Answers a form that is to be asked about with the question; its "Yes" sends the same fields without `ask`.
pub(super) async fn ask_first(request: Request, next: Next) -> Response {
    let found = match *request.method() {
        Method::POST => find(request.uri().path()),
        _ => None,
    };
    let Some(question) = found else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let Ok(form) = to_bytes(body, LARGEST).await else {
        let detail = "the form is too large or did not arrive in full; send it again";
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return error_page(&Problem::new(status, "form_too_large", detail));
    };
    let mut fields: Vec<(String, String)> = form_urlencoded::parse(&form).into_owned().collect();
    if !fields.iter().any(|(name, _)| name == FIELD) {
        return next.run(Request::from_parts(parts, form.into())).await;
    }
    fields.retain(|(name, _)| name != FIELD);
    let path = parts.uri.path();
    let page = pages::AskPage {
        asks: question.asks,
        then: question.then,
        action: path.to_owned(),
        back: way_back(path, question.back),
        fields,
    };
    view::page(StatusCode::OK, &page)
}

fn find(path: &str) -> Option<&'static Question> {
    let fits = |question: &&Question| {
        let (wanted, parts) = (question.path.split('/'), path.split('/'));
        wanted.clone().count() == parts.clone().count()
            && wanted
                .zip(parts)
                .all(|(wanted, part)| wanted == part || (wanted == "*" && !part.is_empty()))
    };
    QUESTIONS.iter().find(fits)
}

fn way_back(path: &str, parts: usize) -> String {
    let kept: Vec<&str> = path.split('/').skip(1).take(parts).collect();
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What is inside the `<fd-confirm>`s of the templates, with the file's name.
    fn asked(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                asked(&path, found);
                continue;
            }
            let html = std::fs::read_to_string(&path).unwrap();
            for part in html.split("<fd-confirm").skip(1) {
                let (inside, _) = part.split_once("</fd-confirm>").unwrap();
                found.push((path.display().to_string(), inside.to_owned()));
            }
        }
    }

    /// The address of a form with every `{{ … }}` filled.
    fn action(form: &str) -> String {
        let (_, rest) = form.split_once("action=\"").unwrap();
        let (action, _) = rest.split_once('"').unwrap();
        let mut parts = action.split("{{");
        let mut filled = parts.next().unwrap().to_owned();
        for part in parts {
            filled.push('1');
            filled.push_str(part.split_once("}}").unwrap().1);
        }
        filled
    }

    #[test]
    fn every_form_that_asks_has_a_question_here_and_every_question_a_form() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/console/templates");
        let mut found = Vec::new();
        asked(&folder, &mut found);
        let mut used = Vec::new();
        for (file, form) in &found {
            let action = action(form);
            let question = find(&action).unwrap_or_else(|| panic!("{file}: {action}"));
            let field = "<input type=\"hidden\" name=\"ask\" value=\"first\">";
            assert!(form.contains(field), "{file}: {action} lacks {field}");
            assert!(
                !form.contains("multipart/"),
                "{file}: {action} is not read here"
            );
            used.push(question.path);
        }
        for question in QUESTIONS {
            assert!(used.contains(&question.path), "{}", question.path);
        }
    }

    #[test]
    fn a_path_is_found_whole() {
        let path = |path| find(path).map(|question| question.path);
        assert_eq!(path("/faq/1/delete"), Some("/faq/*/delete"));
        assert_eq!(
            path("/calls/1/recording/delete"),
            Some("/calls/*/recording/delete")
        );
        for other in [
            "/faq/1",
            "/faq//delete",
            "/faq/1/delete/",
            "/x/faq/1/delete",
        ] {
            assert_eq!(path(other), None, "{other}");
        }
        assert_eq!(way_back("/calls/1/recording/delete", 2), "/calls/1");
        assert_eq!(way_back("/faq/1/delete", 1), "/faq");
    }
}

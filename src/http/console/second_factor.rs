//! The page of your own second factor.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use qrcode::{Color, EcLevel, QrCode};
use serde::Deserialize;

use super::format::{Moment, moment, plural};
use super::guard::{AtSecondFactor, SignedIn};
use super::own_account::own_of;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence, session};
use crate::app::App;
use crate::app::second_factor::{SetUp, in_groups};
use crate::http::attempts::Attempts;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::second_factors;
use crate::store::sessions::Via;

/// White modules that scanners need around a QR code.
const QUIET: usize = 4;

#[derive(Template)]
#[template(path = "second_factor.html")]
struct Page {
    shell: Shell,
    step: Step,
    /// Whether they must turn it on before they can continue.
    required: bool,
    done: Option<&'static str>,
    error: Option<String>,
}

/// How far the setup is.
enum Step {
    Off,
    /// The secret is shown, for the app to scan.
    Scan {
        picture: Picture,
        secret: String,
        uri: String,
    },
    /// The secret was shown before; only the code is missing.
    Confirm,
    /// Shown only once, right after they are made.
    Codes {
        codes: Vec<String>,
    },
    On {
        since: Moment,
        codes_left: String,
    },
}

/// A QR code as one path of an SVG.
struct Picture {
    /// Modules per side, including the white margin.
    side: usize,
    path: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    done: String,
}

fn describe_done(done: &str) -> Option<&'static str> {
    match done {
        "off" => Some("The second factor is off. You sign in with your password alone."),
        "recovery" => Some(
            "You signed in with a recovery code, which will not work again. If you lost the phone, turn the second factor \
             off here with another recovery code, then on again with the new phone.",
        ),
        _ => None,
    }
}

/// `GET /account/second-factor`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    AtSecondFactor(person): AtSecondFactor,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let step = find_step(&app, &person).await?;
    let done = describe_done(&shown.done);
    Ok(shown_page(&person, StatusCode::OK, step, done, None))
}

/// The step to show on opening the page.
async fn find_step(app: &App, person: &SignedIn) -> Result<Step, Failure> {
    let id = person.user().id;
    let found = app.store.read(move |conn| {
        let left = second_factors::recovery_codes_left(conn, id)?;
        Ok((second_factors::find(conn, id)?, left))
    });
    let (factor, left) = found.await?;
    let since = factor.and_then(|factor| factor.confirmed_at);
    Ok(since.map_or(Step::Off, |since| Step::On {
        since: moment(since),
        codes_left: plural(left.into(), "recovery code is", "recovery codes are"),
    }))
}

fn shown_page(
    person: &SignedIn,
    status: StatusCode,
    step: Step,
    done: Option<&'static str>,
    error: Option<String>,
) -> Response {
    let page = Page {
        shell: person.shell(Section::Status, "Second factor"),
        step,
        required: person.lacks_factor(),
        done,
        error,
    };
    view::page(status, &page)
}

/// Shows the page again with the error; failures of the store become an error page.
fn refuse(person: &SignedIn, problem: Problem, step: Step) -> Result<Response, Failure> {
    if !problem.status.is_client_error() {
        return Err(problem.into());
    }
    let status = match problem.status {
        StatusCode::BAD_REQUEST => StatusCode::UNPROCESSABLE_ENTITY,
        other => other,
    };
    let error = Some(sentence(problem.detail()));
    Ok(shown_page(person, status, step, None, error))
}

#[derive(Deserialize)]
pub(super) struct WithPassword {
    password: String,
}

/// `POST /account/second-factor`: shows a new secret.
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    AtSecondFactor(person): AtSecondFactor,
    parts: Parts,
    Form(form): Form<WithPassword>,
) -> Result<Response, Failure> {
    let own = own_of(&app, attempts, &person, &parts);
    match own.begin(form.password).await {
        Ok(set_up) => {
            let step = scan(&set_up)?;
            Ok(shown_page(&person, StatusCode::OK, step, None, None))
        }
        Err(problem) => refuse(&person, problem, find_step(&app, &person).await?),
    }
}

fn scan(set_up: &SetUp) -> Result<Step, Problem> {
    // A screen needs no error correction for dirt, and the lowest level gives the largest modules.
    let code = QrCode::with_error_correction_level(set_up.uri.as_bytes(), EcLevel::L)
        .map_err(|error| Problem::internal(&error))?;
    Ok(Step::Scan {
        picture: picture(&code),
        secret: in_groups(&set_up.secret, ' '),
        uri: set_up.uri.to_string(),
    })
}

/// Draws each run of dark modules of a row as a bar.
fn picture(code: &QrCode) -> Picture {
    let side = code.width();
    let mut path = String::new();
    for (row, modules) in code.to_colors().chunks(side).enumerate() {
        let mut from = 0;
        for run in modules.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let (x, y, long) = (from + QUIET, row + QUIET, run.len());
                path.push_str(&format!("M{x} {y}h{long}v1h-{long}z"));
            }
            from += run.len();
        }
    }
    let side = side + 2 * QUIET;
    Picture { side, path }
}

#[derive(Deserialize)]
pub(super) struct WithCode {
    code: String,
}

/// `POST /account/second-factor/confirm`: turns it on.
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    AtSecondFactor(person): AtSecondFactor,
    parts: Parts,
    Form(form): Form<WithCode>,
) -> Result<Response, Failure> {
    let own = own_of(&app, attempts, &person, &parts);
    let keep = session::token(&parts.headers);
    match own.confirm(form.code, keep).await {
        Ok(codes) => {
            let done = "The second factor is on. All other browsers are signed out.";
            let step = Step::Codes { codes };
            let page = shown_page(&person, StatusCode::OK, step, Some(done), None);
            // With more rights begins another session.
            let begins = session::Begins::of(&parts, Via::Code, Some(person.workspace.id));
            let token = session::fresh(&app.store, person.user().id, begins, now_ms()).await?;
            Ok(session::with_session(page, &parts.headers, &token))
        }
        Err(problem) => {
            // The secret is not shown again: somebody who finds this browser open must not be able to copy it.
            let step = if problem.status == StatusCode::CONFLICT {
                find_step(&app, &person).await?
            } else {
                Step::Confirm
            };
            refuse(&person, problem, step)
        }
    }
}

#[derive(Deserialize)]
pub(super) struct WithBoth {
    password: String,
    code: String,
}

/// `POST /account/second-factor/codes`: new recovery codes.
pub(super) async fn renew(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    person: SignedIn,
    parts: Parts,
    Form(form): Form<WithBoth>,
) -> Result<Response, Failure> {
    let own = own_of(&app, attempts, &person, &parts);
    match own.renew(form.password, form.code).await {
        Ok(codes) => {
            let done = "These are your new recovery codes. The old ones no longer work.";
            let step = Step::Codes { codes };
            Ok(shown_page(&person, StatusCode::OK, step, Some(done), None))
        }
        Err(problem) => refuse(&person, problem, find_step(&app, &person).await?),
    }
}

/// `POST /account/second-factor/off`
pub(super) async fn turn_off(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    person: SignedIn,
    parts: Parts,
    Form(form): Form<WithBoth>,
) -> Result<Response, Failure> {
    let own = own_of(&app, attempts, &person, &parts);
    match own.turn_off(form.password, form.code).await {
        Ok(()) => Ok(Redirect::to("/account/second-factor?done=off").into_response()),
        Err(problem) => refuse(&person, problem, find_step(&app, &person).await?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dark modules of a path that [`picture`] made, as places in the square.
    fn dark(picture: &Picture) -> Vec<(usize, usize)> {
        let bars = picture.path.split('z').filter(|bar| !bar.is_empty());
        bars.flat_map(|bar| {
            let (at, long) = bar.strip_prefix('M').unwrap().split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let long: usize = long.split_once('v').unwrap().0.parse().unwrap();
            (x..x + long).map(move |x| (x, y))
        })
        .collect()
    }

    #[test]
    fn the_picture_shows_every_dark_module_and_white_around() {
        let uri = "otpauth://totp/Frontdesk%20of%20X:ann%40example.com?secret=AAAA&issuer=X";
        let code = QrCode::with_error_correction_level(uri, EcLevel::L).unwrap();
        let picture = picture(&code);
        assert_eq!(picture.side, code.width() + 8);
        let colors = code.to_colors();
        let expected: Vec<_> = (0..colors.len())
            .filter(|place| colors[*place] == Color::Dark)
            .map(|place| (place % code.width() + 4, place / code.width() + 4))
            .collect();
        assert_eq!(dark(&picture), expected);
    }

    #[test]
    fn the_longest_names_still_make_a_picture() {
        // 40 letters of four bytes each for the business, twice, and 40 for the address.
        let uri = format!("otpauth://totp/{}", "%F0%9F%8F%A8".repeat(120));
        let set_up = SetUp {
            secret: String::from("AAAA").into(),
            uri: uri.into(),
        };
        assert!(scan(&set_up).is_ok());
    }
}

//! The widget's requests from Kommo's page: a token that Kommo signed says which account it is, and CORS lets only that
//! account's pages read the answer. There are no cookies.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::widget_view::CardView;
use crate::casework::{Card, CaseError};
use crate::crm::kommo::WidgetCaller;
use crate::http::problem::Problem;
use crate::http::{Http, now_ms};

/// Kommo's own name for it.
const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
/// Seconds that a browser may cache a preflight.
const PREFLIGHT_KEPT: &str = "600";

/// Whether a path is the widget's.
pub(in crate::http) fn is_widget(path: &str) -> bool {
    path.starts_with("/crm/kommo/widget/")
}

/// `GET /crm/kommo/widget/leads/{lead}`
pub(super) async fn show(
    State(http): State<Http>,
    Path(lead): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (caller, cors) = match admit(&http, &headers).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let card = http.app.casework.card(&caller.account, &lead).await;
    cors.add(answer(card))
}

/// `POST /crm/kommo/widget/leads/{lead}/analyse`
pub(super) async fn analyse(
    State(http): State<Http>,
    Path(lead): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (caller, cors) = match admit(&http, &headers).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let card = http.app.casework.ask(&caller.account, &lead).await;
    cors.add(answer(card))
}

/// `POST /crm/kommo/widget/leads/{lead}/task`
pub(super) async fn make_task(
    State(http): State<Http>,
    Path(lead): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (caller, cors) = match admit(&http, &headers).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let card = http.app.casework.make_task_of(&caller.account, &lead).await;
    cors.add(answer(card))
}

fn answer(card: Result<Card, CaseError>) -> Response {
    match card {
        Ok(card) => axum::Json(CardView::from(card)).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// The page that may read an answer.
struct Cors(HeaderValue);

impl Cors {
    fn add(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.0.clone());
        response
    }
}

/// Finds out who calls. Refusals that the account's own pages can mend may be read by them; others' may not.
async fn admit(http: &Http, headers: &HeaderMap) -> Result<(WidgetCaller, Cors), Box<Response>> {
    let cors = match known_page(http, headers).await {
        Ok(cors) => cors,
        Err(problem) => return Err(Box::new(problem.into_response())),
    };
    let token = headers.get(TOKEN).and_then(|token| token.to_str().ok());
    let checked = http.app.kommo.check_widget(token.unwrap_or(""), now_ms());
    let caller = match checked.await {
        Ok(caller) => caller,
        Err(error) => {
            let refused = cors.add(Problem::from(error).into_response());
            return Err(Box::new(refused));
        }
    };
    // One connected account's page with another one's token.
    if cors.0.as_bytes() != caller.origin.as_bytes() {
        return Err(Box::new(not_connected().into_response()));
    }
    Ok((caller, cors))
}

/// The request's origin, if it is a page of a connected account.
async fn known_page(http: &Http, headers: &HeaderMap) -> Result<Cors, Problem> {
    let origin = headers.get(header::ORIGIN).ok_or_else(not_connected)?;
    let text = origin.to_str().map_err(|_| not_connected())?;
    match http.app.kommo.is_origin_known(text).await? {
        true => Ok(Cors(origin.clone())),
        false => Err(not_connected()),
    }
}

fn not_connected() -> Problem {
    let detail = "this page belongs to no account that is connected here; its owner connects accounts on the page CRM";
    Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail)
}

/// Answers a browser that asks before it sends the token.
pub(in crate::http) async fn preflight(http: &Http, headers: &HeaderMap) -> Response {
    let cors = match known_page(http, headers).await {
        Ok(cors) => cors,
        Err(problem) => return problem.into_response(),
    };
    let may = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "x-auth-token, content-type",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_KEPT),
    ];
    cors.add((StatusCode::NO_CONTENT, may).into_response())
}

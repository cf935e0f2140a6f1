//! Who is using the browser, and whether a form came from one of our pages.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::error_page;
use super::format::moment;
use super::usage::warnings;
use super::view::{Brand, MOST_PLACES, Place, Section, Shell};
use crate::app::App;
use crate::app::welcome::{self, Step};
use crate::http::auth::origin::is_same_origin;
use crate::http::auth::{self, Caller, Member, OfPrincipal, Principal, Scope};
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::http::voice::logo;
use crate::http::voice::settings::WidgetSettings;
use crate::store::WorkspaceId;
use crate::store::egress::Rows;
use crate::store::inbox;
use crate::store::members::{self, Membership};
use crate::store::users::{self, Role, User};
use crate::store::workspaces::Workspace;

pub(super) const NOT_FOR_THIS_ROLE: &str = "your account may not open this page; ask the owner";

#[derive(Clone)]
pub(super) struct SignedIn {
    member: Member,
    user: User,
    pub(super) workspace: Workspace,
    /// How many visitors wait for a person.
    waiting: u32,
    /// How many first steps are done and how many there are, while they are reminded of them.
    walk: Option<(usize, usize)>,
    /// What an administrator should know about what is used in this month.
    warnings: Vec<String>,
    /// The workspaces that are open to them, at most [`view::MOST_PLACES`].
    places: Vec<Membership>,
    /// Its look on the pages.
    brand: Brand,
}

/// A signed-in person on the page of the second factor, where those who must set one up first may be too.
pub(super) struct AtSecondFactor(pub(super) SignedIn);

/// Whoever opens `/`.
pub(super) enum Visitor {
    SignedIn(Box<SignedIn>),
    Unknown,
    /// Nobody has an account yet.
    NotSetUp,
}

impl SignedIn {
    pub(super) fn shell(&self, section: Section, title: impl Into<String>) -> Shell {
        Shell {
            title: title.into(),
            section,
            sections: Section::ALL
                .into_iter()
                .filter(|section| self.principal().may(section.scope()))
                .collect(),
            waiting: self.waiting,
            manages: self.principal().may(Scope::Admin),
            closed: self.is_closed() && self.principal().may(Scope::Admin),
            walk: self.walk,
            warnings: self.warnings.clone(),
            workspace: self.workspace.title.clone(),
            workspace_name: self.workspace.name.clone(),
            user_name: self.user.name.clone(),
            user_email: self.user.email.clone(),
            role: self.role().map(in_words).unwrap_or_default(),
            places: places(&self.places, self.workspace.id),
            has_overview: self.owns() || self.places.len() > 1,
            brand: self.brand.clone(),
            closing: self
                .workspace
                .closing
                .map(|closing| (moment(closing.erase_at), closing.account)),
        }
    }

    /// Whether the workspace is closed to visitors.
    fn is_closed(&self) -> bool {
        let widget = self.workspace.settings.get(WidgetSettings::SECTION);
        let widget = widget.and_then(|section| WidgetSettings::deserialize(section).ok());
        !widget.is_some_and(|settings| settings.enabled)
    }

    /// The person as a member of the workspace.
    pub(super) fn member(&self) -> &Member {
        &self.member
    }

    /// The person for checks of permissions.
    pub(super) fn principal(&self) -> &Principal {
        self.member.principal()
    }

    pub(super) fn user(&self) -> &User {
        &self.user
    }

    /// Whether they must set up a second factor before they can continue.
    pub(super) fn lacks_factor(&self) -> bool {
        self.principal().lacks_factor()
    }

    /// The role that they have here.
    pub(super) fn role(&self) -> Option<Role> {
        self.principal().role()
    }

    /// Whether they own the installation.
    pub(super) fn owns(&self) -> bool {
        self.user.owns
    }

    /// The rows of the ledger that they may see.
    pub(super) fn ledger(&self) -> Rows {
        match self.owns() {
            true => Rows::OfAndInstallation(self.workspace.id),
            false => Rows::Of(self.workspace.id),
        }
    }

    /// Fails with 403 unless the person manages the whole installation.
    pub(super) fn need_installation(&self) -> Result<(), Problem> {
        self.need(Scope::Admin)?;
        match self.principal().bound_to() {
            None => Ok(()),
            Some(_) => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "missing_scope",
                NOT_FOR_THIS_ROLE,
            )),
        }
    }

    /// Fails with 403 if the person's role lacks this scope.
    pub(super) fn need(&self, scope: Scope) -> Result<(), Problem> {
        if self.principal().may(scope) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "missing_scope",
            NOT_FOR_THIS_ROLE,
        ))
    }

    async fn find(app: &App, parts: &Parts) -> Result<Self, Problem> {
        let principal = auth::identify(app, parts).await?;
        let Caller::User(user) = principal.caller().clone() else {
            let detail = "pages are for people; programs use the API";
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "pages_are_for_people",
                detail,
            ));
        };
        let (workspace, member) = principal.enter(app, None).await?;
        let waiting = match principal.may(Scope::Conversations) {
            true => {
                let (id, now) = (workspace.id, now_ms());
                let count = move |conn: &_| inbox::count(conn, id, None, now);
                app.store.read(count).await?.waiting
            }
            false => 0,
        };
        let led = principal.may(Scope::Admin) && welcome::is_under_way(&workspace.settings);
        let walk = match led {
            true => {
                let id = workspace.id;
                let walk = app.store.read(move |conn| welcome::read(conn, id)).await?;
                walk.invites().then(|| (walk.done(), Step::ALL.len()))
            }
            false => None,
        };
        let warnings = match principal.may(Scope::Admin) {
            true => warnings(&app.quotas.standing(workspace.id, now_ms()).await?),
            false => Vec::new(),
        };
        let (whom, id) = (user.clone(), workspace.id);
        let read = app.store.read(move |conn| {
            let mut places = members::open_to(conn, &whom)?;
            places.truncate(MOST_PLACES);
            Ok((places, logo::version(conn, id)?))
        });
        let (places, logo) = read.await?;
        let brand = Brand {
            logo,
            colour: colour_of(&workspace),
        };
        Ok(Self {
            member,
            user,
            workspace,
            waiting,
            walk,
            warnings,
            places,
            brand,
        })
    }
}

/// The colour that the owner chose for the widget, if it is another than ours.
fn colour_of(workspace: &Workspace) -> Option<String> {
    let section = workspace.settings.get(WidgetSettings::SECTION)?;
    let colour = WidgetSettings::deserialize(section).ok()?.colour;
    let is_colour = colour.len() == 7
        && colour.starts_with('#')
        && colour
            .bytes()
            .skip(1)
            .all(|digit| digit.is_ascii_hexdigit());
    (is_colour && colour != WidgetSettings::default().colour).then_some(colour)
}

fn places(open: &[Membership], current: WorkspaceId) -> Vec<Place> {
    let place = |one: &Membership| Place {
        name: one.name.clone(),
        title: one.title.clone(),
        current: one.workspace == current,
    };
    open.iter().map(place).collect()
}

pub(super) fn in_words(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Admin => "Admin",
        Role::Agent => "Agent",
        Role::Viewer => "Viewer",
    }
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let AtSecondFactor(person) = AtSecondFactor::from_request_parts(parts, app).await?;
        if person.lacks_factor() {
            return Err(Redirect::to("/account/second-factor").into_response());
        }
        Ok(person)
    }
}

impl FromRequestParts<Arc<App>> for AtSecondFactor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        match SignedIn::find(app, parts).await {
            Ok(person) => Ok(Self(person)),
            Err(problem) if problem.status == StatusCode::UNAUTHORIZED => Err(to_login(parts)),
            Err(problem) => Err(error_page(&problem)),
        }
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        match SignedIn::find(app, parts).await {
            Ok(person) => return Ok(Self::SignedIn(Box::new(person))),
            Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {}
            Err(problem) => return Err(error_page(&problem)),
        }
        match app.store.read(users::count).await {
            Ok(0) => Ok(Self::NotSetUp),
            Ok(_) => Ok(Self::Unknown),
            Err(error) => Err(error_page(&error.into())),
        }
    }
}

/// Redirects to sign-in, and back afterwards if the page can be opened with GET.
fn to_login(parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    if parts.method != Method::GET || path == "/documents" {
        return Redirect::to("/login").into_response();
    }
    match next_query(path) {
        Some(query) => Redirect::to(&format!("/login?{query}")).into_response(),
        None => Redirect::to("/login").into_response(),
    }
}

pub(super) fn next_query(path: &str) -> Option<String> {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", path)
        .finish();
    (!query.is_empty()).then_some(query)
}

/// `next` if it is a path on this server, else `/`: it must not lead to another site.
pub(super) fn local_path(next: &str) -> &str {
    let local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && next.parse::<Uri>().is_ok();
    if local { next } else { "/" }
}

/// Refuses a form that another site sends. The session cookie is `SameSite=Lax`, but setup and
/// sign-in need no session, and a sibling domain counts as the same site.
pub(super) async fn own_pages_only(request: Request, next: Next) -> Response {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if safe || is_same_origin(request.headers(), request.uri()) {
        return next.run(request).await;
    }
    let detail = "the form came from another site; open the page here and send it again";
    error_page(&Problem::new(StatusCode::FORBIDDEN, "cross_site", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_stays_on_this_server() {
        for path in ["/chat", "/documents/1?span=1-2"] {
            assert_eq!(local_path(path), path);
        }
        for path in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
        ] {
            assert_eq!(local_path(path), "/");
        }
    }

    #[test]
    fn the_way_back_is_encoded() {
        assert_eq!(
            next_query("/a?b=c&d").as_deref(),
            Some("next=%2Fa%3Fb%3Dc%26d")
        );
    }
}

//! Whom a sign-in server lets in, and with which roles.

use url::{Host, Url};

use super::{Claims, SignOnError};
use crate::app::accounts::wrong_email;
use crate::app::members::audit;
use crate::store::members::{self, Origin};
use crate::store::sign_on::{self, NewProvider, Provider, Rule};
use crate::store::users::{self, NewUser, Role, User};
use crate::store::{StoreError, Transaction, UnixMs, UserId, WorkspaceId, workspaces};

/// In characters.
const LONGEST_NAME: usize = 80;
const MOST_RULES: usize = 100;
const SUSPENDED: &str = "Your account is suspended. Ask the person who runs this front desk.";
const NOTHING_OPEN: &str = "Nothing here is open to you. Ask the person who runs this front desk.";

/// Checks what an owner entered; `Some` is a sentence on what is wrong.
pub fn check_provider(new: &NewProvider) -> Option<&'static str> {
    let issuer = Url::parse(&new.issuer);
    let is_issuer = issuer.is_ok_and(|url| {
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here(&url));
        is_safe && url.query().is_none() && url.fragment().is_none()
    });
    let is_domain = |domain: &String| {
        let letters = domain
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        letters && domain.contains('.') && *domain == domain.to_lowercase()
    };
    if new.name.trim().is_empty() || new.name.chars().count() > LONGEST_NAME {
        Some("Give a name of at most 80 characters.")
    } else if !is_issuer {
        Some(
            "The issuer is the address of the sign-in server, such as https://login.example.com. It begins with https://, as what it \
             says lets people in.",
        )
    } else if new.client_id.is_empty() || new.client_id.len() > 500 {
        Some("Give the client id that the sign-in server has for this front desk.")
    } else if !new.domains.iter().all(is_domain) {
        Some("Give domains like example.com, in small letters.")
    } else if new.active && new.domains.is_empty() {
        Some("Name at least one domain whose addresses the sign-in server may vouch for.")
    } else if new.rules.len() > MOST_RULES || new.rules.iter().any(|rule| rule.role().is_none()) {
        Some("Each rule needs a workspace, and a role: owner, admin, agent or viewer.")
    } else {
        None
    }
}

/// Whether an address is of this machine, where nobody listens on the way.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The address of somebody, if the provider may vouch for it and does.
pub fn vouched_address<'c>(provider: &Provider, claims: &'c Claims) -> Option<&'c str> {
    let (_, domain) = claims.email.rsplit_once('@')?;
    let is_vouched = claims.has_checked_address()
        && wrong_email(&claims.email).is_none()
        && provider.domains.contains(&domain.to_ascii_lowercase());
    is_vouched.then_some(claims.email.as_str())
}

/// Lets somebody in whom a provider vouches for: finds or makes their account and sets the roles that the rules give.
pub fn admit(
    tx: &Transaction<'_>,
    provider: &Provider,
    claims: &Claims,
    now: UnixMs,
) -> Result<Result<UserId, SignOnError>, StoreError> {
    let refuse = |told| Ok(Err(SignOnError::Refused(told)));
    if vouched_address(provider, claims).is_none() {
        return refuse("The sign-in server may not vouch for your e-mail address here.");
    }
    let wanted = roles(tx, provider, claims)?;
    let user = match known(tx, provider, claims)? {
        Some(user) => user,
        None => match users::find_by_email(tx, &claims.email)? {
            // Else whoever runs the sign-in server could take over the installation.
            Some(user) if user.owns => {
                return refuse(
                    "Owners of the installation sign in with their password or passkey.",
                );
            }
            // An address that a company gave to its next employee: the account is still that of the one before.
            Some(user) if sign_on::is_linked(tx, provider.id, user.id)? => {
                return refuse(
                    "Another person of your company had this e-mail address here. Ask the person who runs this front desk to \
                     change the address of the former account.",
                );
            }
            // Else a refusal would still take away how they signed in.
            Some(user) if user.suspended_at.is_some() => {
                return refuse(SUSPENDED);
            }
            Some(user) if wanted.is_empty() && members::place(tx, &user, None, None)?.is_none() => {
                return refuse(NOTHING_OPEN);
            }
            Some(user) => {
                // Whoever has the account until now may have entered this address without it being theirs.
                users::forget_ways(tx, user.id)?;
                sign_on::link(tx, provider.id, &claims.sub, user.id, now)?;
                user
            }
            None if wanted.is_empty() => {
                return refuse(NOTHING_OPEN);
            }
            None => create(tx, provider, claims, now)?,
        },
    };
    if user.suspended_at.is_some() {
        return refuse(SUSPENDED);
    }
    if user.owns {
        return refuse("Owners of the installation sign in with their password or passkey.");
    }
    set_roles(tx, user.id, &wanted, now)?;
    match members::place(tx, &user, None, None)? {
        Some(_) => Ok(Ok(user.id)),
        None => refuse(NOTHING_OPEN),
    }
}

fn known(
    tx: &Transaction<'_>,
    provider: &Provider,
    claims: &Claims,
) -> Result<Option<User>, StoreError> {
    match sign_on::find_user(tx, provider.id, &claims.sub)? {
        Some(id) => users::get(tx, id).map(Some),
        None => Ok(None),
    }
}

fn create(
    tx: &Transaction<'_>,
    provider: &Provider,
    claims: &Claims,
    now: UnixMs,
) -> Result<User, StoreError> {
    let named = match claims.name.trim() {
        "" => &claims.email,
        name => name,
    };
    let shown = named.chars().filter(|letter| !letter.is_control());
    let name: String = shown.take(LONGEST_NAME).collect();
    let new = NewUser {
        email: &claims.email,
        name: &name,
        password_hash: None,
        // Without a workspace it counts nowhere.
        role: Role::Viewer,
    };
    let id = users::create_in(tx, &new, &[], now)?;
    sign_on::link(tx, provider.id, &claims.sub, id, now)?;
    users::get(tx, id)
}

/// What the rules give somebody: in each workspace the highest role.
fn roles(
    tx: &Transaction<'_>,
    provider: &Provider,
    claims: &Claims,
) -> Result<Vec<(WorkspaceId, Role)>, StoreError> {
    let mut found: Vec<(WorkspaceId, Role)> = Vec::new();
    let fits = |rule: &&Rule| rule.group.is_empty() || claims.groups.contains(&rule.group);
    for rule in provider.rules.iter().filter(fits) {
        let workspace = workspaces::find_by_name(tx, &rule.workspace)?;
        let (Some(workspace), Some(role)) = (workspace, rule.role()) else {
            continue;
        };
        match found.iter_mut().find(|(id, _)| *id == workspace.id) {
            Some((_, before)) if rank(role) < rank(*before) => *before = role,
            Some(_) => {}
            None => found.push((workspace.id, role)),
        }
    }
    Ok(found)
}

fn rank(role: Role) -> Option<usize> {
    Role::ALL.iter().position(|one| *one == role)
}

/// Sets the roles that rules give, and takes back those that they gave before. What people decided stays.
fn set_roles(
    tx: &Transaction<'_>,
    user: UserId,
    wanted: &[(WorkspaceId, Role)],
    now: UnixMs,
) -> Result<(), StoreError> {
    let before = members::of_user(tx, user)?;
    for (workspace, role) in wanted {
        let had = before.iter().find(|one| one.workspace == *workspace);
        let stays = had.is_some_and(|one| one.origin == Origin::Staff || one.role == *role);
        if !stays {
            members::set(tx, *workspace, user, *role, Origin::SignOn, now)?;
            let what = format!("got the role {role} by single sign-on");
            audit::note_place(tx, *workspace, user, what, "", now)?;
        }
    }
    for one in before {
        let is_wanted = wanted.iter().any(|(id, _)| *id == one.workspace);
        if one.origin == Origin::SignOn && !is_wanted {
            members::remove(tx, one.workspace, user)?;
            let what = "lost their role by single sign-on".to_owned();
            audit::note_place(tx, one.workspace, user, what, "", now)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_has_https_unless_it_is_on_this_machine() {
        let wrong = |issuer: &str| {
            let new = NewProvider {
                name: "Company".into(),
                issuer: issuer.into(),
                client_id: "desk".into(),
                secret: None,
                domains: vec!["example.com".into()],
                rules: Vec::new(),
                active: true,
            };
            check_provider(&new).is_some()
        };
        for issuer in [
            "https://login.example.com",
            "https://login.example.com/tenant",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://[::1]/",
        ] {
            assert!(!wrong(issuer), "{issuer}");
        }
        for issuer in [
            "http://login.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "ftp://login.example.com",
            "https://login.example.com/?a=b",
            "login.example.com",
            "",
        ] {
            assert!(wrong(issuer), "{issuer}");
        }
    }
}

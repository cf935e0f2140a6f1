//! The cookies that authenticate a browser.

use axum::http::{HeaderMap, header};

use super::{SECURE_SESSION_COOKIE, SESSION_COOKIE};
use crate::http::address::over_tls;

pub(in crate::http) struct CookieName {
    /// Over plain HTTP, which only loopback uses.
    plain: &'static str,
    /// Over TLS: the browser accepts it only with `Secure`, for this host.
    secure: &'static str,
}

/// Of a browser that is signed in.
pub(in crate::http) const SESSION: CookieName = CookieName {
    plain: SESSION_COOKIE,
    secure: SECURE_SESSION_COOKIE,
};

/// Of a browser that gave the right password and still owes the second factor's code.
pub(in crate::http) const SIGN_IN: CookieName = CookieName {
    plain: "frontdesk_sign_in",
    secure: "__Host-frontdesk_sign_in",
};

/// Of a browser that was sent to a sign-in server.
pub(in crate::http) const SIGN_ON: CookieName = CookieName {
    plain: "frontdesk_sign_on",
    secure: "__Host-frontdesk_sign_on",
};

/// Of a browser that was asked for a passkey.
pub(in crate::http) const PASSKEY: CookieName = CookieName {
    plain: "frontdesk_passkey",
    secure: "__Host-frontdesk_passkey",
};

impl CookieName {
    /// The name that counts for this request: only one of the two does.
    pub(in crate::http) fn of(&self, headers: &HeaderMap) -> &'static str {
        if over_tls(headers) {
            self.secure
        } else {
            self.plain
        }
    }

    /// The value that a browser sends. Behind TLS only the `__Host-` cookie counts, because a neighbouring domain
    /// can set the plain one.
    pub(in crate::http) fn read(&self, headers: &HeaderMap) -> Option<String> {
        let name = self.of(headers);
        let cookies = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut cookies = cookies
            .flat_map(cookie::Cookie::split_parse)
            .filter_map(Result::ok);
        let cookie = cookies.find(|c| c.name() == name)?;
        Some(cookie.value().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            "a=b; frontdesk_session=t1; c=d".parse().unwrap(),
        );
        assert_eq!(SESSION.read(&headers).as_deref(), Some("t1"));
        assert_eq!(SIGN_IN.read(&headers), None);
        headers.insert(header::COOKIE, "a=frontdesk_session".parse().unwrap());
        assert_eq!(SESSION.read(&headers), None);
    }
}

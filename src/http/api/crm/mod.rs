//! CRMs: integrations, accounts, what is held for them, and work on their leads.

mod account;
mod connect;
mod view;

use crate::http::auth::Scope;
use crate::http::route::{Policy, Route, routes};

pub(in crate::http) mod paths {
    pub(in crate::http) use super::account::{
        __path_analyse, __path_backfill, __path_copy, __path_disconnect, __path_erase, __path_get,
        __path_leads, __path_package, __path_pause, __path_resume, __path_set,
    };
    pub(in crate::http) use super::connect::{
        __path_begin, __path_forget_integration, __path_keep_integration, __path_list, __path_token,
    };
}

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    routes![
        (GET, "/api/v1/crm", ADMIN, connect::list),
        (
            POST,
            "/api/v1/crm/integrations",
            ADMIN,
            connect::keep_integration
        ),
        (
            DELETE,
            "/api/v1/crm/integrations/{client_id}",
            ADMIN,
            connect::forget_integration
        ),
        (POST, "/api/v1/crm/connect", ADMIN, connect::begin),
        (POST, "/api/v1/crm/token", ADMIN, connect::token),
        (GET, "/api/v1/crm/accounts/{id}", ADMIN, account::get),
        (PUT, "/api/v1/crm/accounts/{id}", ADMIN, account::set),
        (
            POST,
            "/api/v1/crm/accounts/{id}/disconnect",
            ADMIN,
            account::disconnect
        ),
        (
            POST,
            "/api/v1/crm/accounts/{id}/backfill",
            ADMIN,
            account::backfill
        ),
        (
            POST,
            "/api/v1/crm/accounts/{id}/backfill/pause",
            ADMIN,
            account::pause
        ),
        (
            POST,
            "/api/v1/crm/accounts/{id}/backfill/resume",
            ADMIN,
            account::resume
        ),
        (
            GET,
            "/api/v1/crm/accounts/{id}/leads",
            ADMIN,
            account::leads
        ),
        (
            POST,
            "/api/v1/crm/accounts/{id}/leads/{lead}/analyse",
            ADMIN,
            account::analyse
        ),
        (GET, "/api/v1/crm/accounts/{id}/copy", ADMIN, account::copy),
        (
            POST,
            "/api/v1/crm/accounts/{id}/erase",
            ADMIN,
            account::erase
        ),
        (
            GET,
            "/api/v1/crm/accounts/{id}/widget",
            ADMIN,
            account::package
        ),
    ]
}

//! The few pages for people. No script, nothing from elsewhere.

use axum::{
    extract::Path,
    http::{HeaderName, header},
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use crate::{VERSION, problem::Failure, problem_kinds};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.6 system-ui,sans-serif;max-width:42rem;margin:4rem auto;padding:0 1rem}\
h1{margin-bottom:0}.quiet{opacity:.7;margin-top:0}dt{font-weight:600;margin-top:1rem}dd{margin:0}\
code{font:.95em ui-monospace,monospace}";

const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
);

fn page(title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    ([POLICY], Html(page.into_string())).into_response()
}

/// `/`: what this is and where to go.
pub(crate) async fn landing() -> Response {
    page(
        "moxxie",
        &html! {
            h1 { "moxxie" }
            p.quiet { "Network automation for MikroTik RouterOS, version " (VERSION) }
            dl {
                dt { a href="/docs" { "API" } }
                dd { "Browse and try it; the document is at " a href="/api/v1/openapi.json" { "openapi.json" } "." }
                dt { a href="/problems" { "Problems" } }
                dd { "What can go wrong, and what helps." }
                dt { a href="/healthz" { "Health" } " and " a href="/readyz" { "readiness" } }
                dd { "Whether the server lives and can serve. " code { "/metrics" } " needs a token." }
            }
            p { "On the command line: " code { "moxxie login" } ", then " code { "moxxie network provision --help" } "." }
        },
    )
}

/// `/problems`: every kind there is.
pub(crate) async fn problems() -> Response {
    page(
        "Problems - moxxie",
        &html! {
            h1 { "Problems" }
            p.quiet { "An answer that is an error has one of these as its " code { "code" } "." }
            dl {
                @for kind in problem_kinds::ALL {
                    dt { a href={ "/problems/" (kind.code) } { code { (kind.code) } } " " (kind.status) }
                    dd { (kind.title) "." }
                }
            }
        },
    )
}

/// `/problems/{code}`: what `type` of a problem document points to.
pub(crate) async fn problem(Path(code): Path<String>) -> Result<Response, Failure> {
    let Some(kind) = problem_kinds::find(&code) else {
        let detail = "there is no problem with this code here; /problems has those there are";
        return Err(Failure::new(&problem_kinds::NOT_FOUND, detail));
    };
    Ok(page(
        kind.title,
        &html! {
            h1 { (kind.title) }
            p.quiet { "Problem " code { (kind.code) } ", HTTP status " (kind.status) }
            p { (kind.meaning) }
            p { a href="/problems" { "All problems" } }
        },
    ))
}
